// Command mutants plants mistakes in the source, one at a time, and reports which test
// catches each:
//
//	go run ./internal/mutants              # all of them, in about half an hour
//	go run ./internal/mutants -core        # those of the core, in two minutes
//	go run ./internal/mutants -run notif   # those whose file or name matches
//	go run ./internal/mutants -write       # and write what became of them
//
// A mutant is a patch of one file: an old text, which occurs there once, and a new one.
// The patched file stands in for the file through the -overlay flag of go test, so the
// source itself never changes. A mutant names the tests that must fail; the tests with
// nothing planted must pass, and are run first. The command fails if a mutant survives,
// unless the list says why it makes no difference.
//
// The list is package list; package plant plants and runs the tests.
//
// To try a mistake against other tests than those it names, give them in the words of
// go test:
//
//	go run ./internal/mutants -run notif -tests './fd -short; ./conn -short'
//
// Where it stands: above everything, because it compiles the packages of the module with their tests.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	var o options
	flag.BoolVar(&o.core, "core", false, "only the mutants of the core")
	pattern := flag.String("run", "", "only the mutants whose file and name match this regular expression")
	flag.StringVar(&o.tests, "tests", "", "go test these instead of what each mutant names; several are separated by ;")
	flag.BoolVar(&o.verbose, "v", false, "show what the failing test printed")
	flag.BoolVar(&o.write, "write", false, "write "+page)
	flag.IntVar(&o.jobs, "j", 2, "how many at a time")
	flag.Parse()
	var err error
	if o.pattern, err = regexp.Compile("(?i)" + *pattern); err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}
