// Command swap proves that a program does the same over this library: it runs the tests of Go's
// own packages and of public programs twice, with the go command and with netswap, and compares
// them test by test.
//
//	go run ./internal/swap                       # the whole list, in half an hour
//	go run ./internal/swap -only 'crypto/tls'    # subjects whose name matches
//	go run ./internal/swap -module example.com/m@v1.2.3   # a module that is not in the list
//	go run ./internal/swap -write                # the whole list, and the page of the results
//
// It works in a temporary directory. It fails if a subject does not compile, or a test fails that
// does not fail with net. Words after the flags go to both runs of go test.
//
// Where it stands: above cmd/netswap, which it builds and runs.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

func main() {
	only := flag.String("only", "", "only the subjects whose name matches this regular expression")
	module := flag.String("module", "", "a module that is not in the list, as path@version")
	write := flag.Bool("write", false, "write the page of the results, from the root of the module")
	flag.Parse()
	if err := runAll(*only, *module, *write, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "swap:", err)
		os.Exit(1)
	}
}

func runAll(only, module string, write bool, args []string) error {
	chosen, err := choose(only, module)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "swap")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := runner{dir: dir, netswap: filepath.Join(dir, "netswap"), args: args}
	if r.home, err = filepath.Abs("."); err != nil {
		return err
	}
	if _, err := r.output("", "go", "build", "-o", r.netswap, "./cmd/netswap"); err != nil {
		return err
	}
	var results []result
	failed := 0
	for _, s := range chosen {
		res := r.run(s)
		fmt.Println(res)
		if res.err != nil {
			failed++
		}
		results = append(results, res)
	}
	if write {
		if err := writePage(page, results); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d do something else", failed, len(chosen))
	}
	return nil
}

// choose returns the subjects that match only, or a module as one.
func choose(only, one string) (chosen []subject, err error) {
	if one != "" {
		return []subject{module(one, "")}, nil
	}
	re, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	for _, s := range subjects {
		if re.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no subject matches %q", only)
	}
	return chosen, nil
}
