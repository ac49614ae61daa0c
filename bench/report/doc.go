// Package report shows what was measured: as tables for a terminal, as a file of JSON, and as a page of HTML with charts.
//
// Where it stands: at the top, below main, which fills a Report with runs. From there
//
//	report.go   makes a row of all runs of a cell: medians, and ratios to the baseline
//	table.go    writes rows as text
//	glance.go   picks one line from each table
//	plot.go     lays ratios out on a scale
//	html.go     puts plots and tables on a page, report.html
package report
