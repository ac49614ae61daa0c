// Package figures has the numbers of the benchmark: what a measurement was over several rounds, and how a number is
// written in a table.
//
// Where it stands: at the bottom. Every package that shows a number imports it.
package figures
