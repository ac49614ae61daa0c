// Package scenarios is the table of what is measured.
//
// Where it stands: above servers, client and measure, whose parts each row of the table (table.go) puts together: what the
// server does, for the variants that can do it, how it is loaded, and which figures are compared. Package report shows the
// rows in the words of the table, and main runs them.
package scenarios
