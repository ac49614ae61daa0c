package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// options are the flags.
type options struct {
	core, verbose, write bool
	pattern              *regexp.Regexp
	tests                string
	jobs                 int
}

// A verdict is what became of a mutant.
type verdict string

const (
	caught   verdict = "caught"
	survived verdict = "SURVIVED"
	hung     verdict = "HUNG"   // go test had to end it
	broken   verdict = "BROKEN" // it does not apply, or does not compile
)

// A result is the outcome of one mutant.
type result struct {
	Mutant
	verdict verdict
	by      string // the package and the first test that failed
	took    time.Duration
	output  string
}

// ok reports whether the outcome is the one that the list expects.
func (r *result) ok() bool {
	if r.Equivalent != "" {
		return r.verdict == survived
	}
	return r.verdict == caught
}

func run(o options) error {
	root, err := overlay.Root(context.Background())
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := &lab{root: root, dir: dir}
	list := o.choose(all())
	if len(list) == 0 {
		return errors.New("no mutant has such a file and name")
	}
	if l.hasty, err = hasty(root, dir); err != nil {
		return err
	}
	if err := l.plantAll(list); err != nil {
		return err
	}
	if err := l.original(o.jobs, list); err != nil {
		return err
	}
	results := l.tryAll(o, list)
	wrong := 0
	for i := range results {
		if !results[i].ok() {
			wrong++
		}
	}
	fmt.Println(summary(results))
	if o.write {
		if err := writePage(filepath.Join(root, filepath.FromSlash(page)), results); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d mutants had another outcome than the list says", wrong, len(results))
	}
	return nil
}

func writePage(name string, results []result) error {
	before, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile(name, []byte(markdown(all(), results, string(before))), 0o666)
}

// choose returns the mutants that the flags ask for, with the tests that they ask for.
func (o options) choose(list []Mutant) (chosen []Mutant) {
	for _, m := range list {
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

// original runs the tests that the mutants name with none chosen: they must pass. Those that
// notice that the mutants are there, because something is allocated for them, leave the
// mutants that they are for alone.
func (l *lab) original(jobs int, list []Mutant) error {
	plain, err := l.plant("plain", nil)
	if err != nil {
		return err
	}
	var tests []string
	for _, m := range list {
		tests = append(tests, m.Tests...)
	}
	slices.Sort(tests)
	tests = slices.Compact(tests)
	failed := make([]error, len(tests))
	notice := make(map[string]bool)
	var mu sync.Mutex
	each(jobs, len(tests), func(i int) {
		if l.all.test(tests[i], variable+"=").verdict == survived {
			return
		}
		if r := plain.test(tests[i], variable+"="); r.verdict != survived {
			failed[i] = fmt.Errorf("with nothing planted, go test %s: %s %s\n%s", tests[i], r.verdict, r.by, r.output)
		}
		mu.Lock()
		defer mu.Unlock()
		notice[tests[i]] = true
	})
	for i := range list {
		if slices.ContainsFunc(list[i].Tests, func(t string) bool { return notice[t] }) {
			list[i].number = 0
		}
	}
	return errors.Join(failed...)
}

// tryAll tries mutants, several at a time, and prints what became of each.
func (l *lab) tryAll(o options, list []Mutant) []result {
	results := make([]result, len(list))
	var printing sync.Mutex
	each(o.jobs, len(list), func(i int) {
		r := l.try(&list[i])
		printing.Lock()
		defer printing.Unlock()
		results[i] = r
		fmt.Println(line(&r))
		if o.verbose || r.verdict == broken {
			fmt.Println(r.output)
		}
	})
	return results
}

// each calls f with 0 to n-1, so many at a time.
func each(jobs, n int, f func(int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

// try runs the tests that a mutant names, until one fails.
func (l *lab) try(m *Mutant) (r result) {
	begin := time.Now()
	if p, env, err := l.plantOne(m); err != nil {
		r = result{verdict: broken, output: err.Error()}
	} else {
		for _, words := range m.Tests {
			if r = p.test(words, env); r.verdict != survived {
				break
			}
		}
	}
	r.Mutant, r.took = *m, time.Since(begin)
	return r
}
