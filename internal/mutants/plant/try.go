package plant

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Verdict is what became of a mutant.
type Verdict string

const (
	Caught   Verdict = "caught"
	Survived Verdict = "SURVIVED"
	Hung     Verdict = "HUNG"   // go test had to end it
	Broken   Verdict = "BROKEN" // it does not apply, or does not compile
)

// A Result is the outcome of one mutant.
type Result struct {
	Mutant
	Verdict Verdict
	By      string // the package and the first test that failed
	Took    time.Duration
	Output  string
}

// OK reports whether the outcome is the one that the list expects.
func (r *Result) OK() bool {
	if r.Equivalent != "" {
		return r.Verdict == Survived
	}
	return r.Verdict == Caught
}

// Prepare plants the mutants of a list, which it makes ready for Try, and runs the tests that they name with none chosen.
func (l *Lab) Prepare(jobs int, list []Mutant) error {
	if err := l.plantAll(list); err != nil {
		return err
	}
	return l.original(jobs, list)
}

// original runs the tests that the mutants name with none chosen: they must pass. Those that
// notice that the mutants are there, because something is allocated for them, leave the
// mutants that they are for alone.
func (l *Lab) original(jobs int, list []Mutant) error {
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
	Each(jobs, len(tests), func(i int) {
		if l.all.test(tests[i], variable+"=").Verdict == Survived {
			return
		}
		if r := plain.test(tests[i], variable+"="); r.Verdict != Survived {
			failed[i] = fmt.Errorf("with nothing planted, go test %s: %s %s\n%s", tests[i], r.Verdict, r.By, r.Output)
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

// Each calls f with 0 to n-1, so many at a time.
func Each(jobs, n int, f func(int)) {
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

// Try runs the tests that a mutant names, until one fails.
func (l *Lab) Try(m *Mutant) (r Result) {
	begin := time.Now()
	if p, env, err := l.plantOne(m); err != nil {
		r = Result{Verdict: Broken, Output: err.Error()}
	} else {
		for _, words := range m.Tests {
			if r = p.test(words, env); r.Verdict != Survived {
				break
			}
		}
	}
	r.Mutant, r.Took = *m, time.Since(begin)
	return r
}
