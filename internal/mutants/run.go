package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/a57b2d82/netpoller/internal/mutants/list"
	"github.com/a57b2d82/netpoller/internal/mutants/plant"
)

// options are the flags.
type options struct {
	core, verbose, write bool
	pattern              *regexp.Regexp
	tests                string
	jobs                 int
}

func run(o options) error {
	l, err := plant.Open(context.Background())
	if err != nil {
		return err
	}
	defer l.Close()
	chosen := o.choose(list.All())
	if len(chosen) == 0 {
		return errors.New("no mutant has such a file and name")
	}
	if err := l.Prepare(o.jobs, chosen); err != nil {
		return err
	}
	results := tryAll(l, o, chosen)
	wrong := 0
	for i := range results {
		if !results[i].OK() {
			wrong++
		}
	}
	fmt.Println(summary(results))
	if o.write {
		if err := writePage(filepath.Join(l.Root, filepath.FromSlash(page)), results); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d mutants had another outcome than the list says", wrong, len(results))
	}
	return nil
}

func writePage(name string, results []plant.Result) error {
	before, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile(name, []byte(markdown(list.All(), results, string(before))), 0o666)
}

// choose returns the mutants that the flags ask for, with the tests that they ask for.
func (o options) choose(all []plant.Mutant) (chosen []plant.Mutant) {
	for _, m := range all {
		if o.core && !m.Core || !o.pattern.MatchString(m.File+" "+m.Name) {
			continue
		}
		if o.tests != "" {
			m.Tests = strings.Split(o.tests, ";")
		}
		chosen = append(chosen, m)
	}
	return chosen
}

// tryAll tries mutants, several at a time, and prints what became of each.
func tryAll(l *plant.Lab, o options, chosen []plant.Mutant) []plant.Result {
	results := make([]plant.Result, len(chosen))
	var printing sync.Mutex
	plant.Each(o.jobs, len(chosen), func(i int) {
		r := l.Try(&chosen[i])
		printing.Lock()
		defer printing.Unlock()
		results[i] = r
		fmt.Println(line(&r))
		if o.verbose || r.Verdict == plant.Broken {
			fmt.Println(r.Output)
		}
	})
	return results
}
