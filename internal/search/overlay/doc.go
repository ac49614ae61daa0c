// Package overlay rewrites packages for a search, compiles them with go test -overlay, and runs
// their scenarios.
//
// Where it stands: between the test of a package, which calls Search, and package search, which
// the rewritten sources import.
//
//	polldesc/search_test.go    TestSearch: calls Search
//	    |
//	overlay                    Target.Under --rewritten--> a folder of its own
//	    |                      polldesc/testdata/search/*.go -> test files of polldesc
//	    |  go test -c -overlay
//	another test binary        search.Scenarios(t, ...): every schedule of each
//
// The rewriting changes imports of sync and sync/atomic, and of what package kernel stands for;
// channels, send statements and receive expressions, go statements; and each use of a field,
// for the check for data races. All by byte offset, and no line moves: a counterexample's
// file:line are those of the repository. Whatever of the language the rewriting does not know,
// such as select, is an error.
package overlay
