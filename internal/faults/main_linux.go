package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	child()
	var only selection
	flag.StringVar(&only.call, "call", "", "only faults of this call")
	flag.StringVar(&only.errno, "errno", "", "only this error")
	flag.StringVar(&only.step, "step", "", "only in this step")
	flag.StringVar(&only.when, "when", "", "only at this time: 1, 2, 5, random or always")
	workers := flag.Int("workers", 6, "how many at a time; most of the time they wait")
	verbose := flag.Bool("v", false, "print what became of every step")
	write := flag.Bool("write", false, "write the page, from the root of the module")
	flag.Parse()
	if *write && only != (selection{}) {
		fmt.Fprintln(os.Stderr, "faults: the page is of all faults: -write goes with none of -call, -errno, -step and -when")
		os.Exit(2)
	}
	tell := func(m *matrix, faults int) error {
		if !*write {
			return nil
		}
		return m.write(faults)
	}
	m, err := run(only, *workers, *verbose, tell)
	if err == nil && m.count[worse] > 0 {
		err = fmt.Errorf("ours is worse in %d", m.count[worse])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// A selection is some of the faults.
type selection struct{ call, errno, when, step string }

func (s selection) has(f fault) bool {
	return (s.call == "" || s.call == f.call.name) && (s.errno == "" || s.errno == unix.ErrnoName(f.errno)) &&
		(s.when == "" || s.when == string(f.when))
}

// run runs faults, and now and then tells how far it is.
func run(only selection, workers int, verbose bool, tell func(m *matrix, faults int) error) (m *matrix, err error) {
	var some []fault
	for _, f := range faults() {
		if only.has(f) {
			some = append(some, f)
		}
	}
	if len(some) == 0 {
		return nil, errors.New("there is no such fault")
	}
	slices.SortStableFunc(some, func(a, b fault) int { // so that some is known of each before all of any
		return cmp.Compare(slices.Index(whens, a.when), slices.Index(whens, b.when))
	})
	m = newMatrix()
	start := time.Now()
	done := 0
	r := newRunner()
	r.step = only.step
	err = r.runAll(some, workers, func(f fault, results []result) {
		m.add(f, results)
		for _, r := range results {
			if verbose || r.is == worse || r.is == better {
				fmt.Println(r)
			}
		}
		if done++; done%50 == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d after %v\n", done, len(some), time.Since(start).Round(time.Second))
			if err := tell(m, done); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	})
	if err = errors.Join(err, tell(m, len(some))); err != nil {
		return nil, err
	}
	for _, c := range calls {
		for _, row := range m.rows(c) {
			fmt.Println(row)
		}
	}
	fmt.Printf("%d faults; %d same, %d better, %d of ours alone, %d worse; %v\n", len(some),
		m.count[same], m.count[better], m.count[alone], m.count[worse], time.Since(start).Round(time.Second))
	return m, nil
}

// String tells of a step, and of one that is worse all there is.
func (r result) String() string {
	s := fmt.Sprintf("%c %v, %s, %s\n    net:  %v\n    ours: %v", r.is, r.fault, r.step, r.stack, r.theirs, r.ours)
	if r.is == worse {
		s += "\n" + r.ours.Detail
	}
	return s
}
