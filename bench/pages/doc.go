// Package pages writes the measured tables of README.md and docs from the recordings in results, so that no figure is copied
// by hand.
//
// Where it stands: above report, which reads the recordings. A page has a table between two comments,
//
//	<!-- measured: connections -->
//	<!-- end -->
//
// and tables.go has a function for each name. Command bench writes them (-tables), and a test of it compares.
package pages
