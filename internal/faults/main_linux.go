package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	child()
	var only selection
	flag.StringVar(&only.call, "call", "", "only faults of this call")
	flag.StringVar(&only.errno, "errno", "", "only this error")
	flag.StringVar(&only.when, "when", "", "only at this time: 1, 2, 5, random or always")
	workers := flag.Int("workers", 6, "how many at a time; most of the time they wait")
	verbose := flag.Bool("v", false, "print what became of every step")
	write := flag.Bool("write", false, "write the page, from the root of the module")
	flag.Parse()
	m, faults, err := run(only, *workers, *verbose)
	if err == nil && *write {
		err = m.write(faults)
	}
	if err == nil && m.count[worse] > 0 {
		err = fmt.Errorf("ours is worse in %d", m.count[worse])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// A selection is some of the faults.
type selection struct{ call, errno, when string }

func (s selection) has(f fault) bool {
	return (s.call == "" || s.call == f.call.name) && (s.errno == "" || s.errno == unix.ErrnoName(f.errno)) &&
		(s.when == "" || s.when == string(f.when))
}

func run(only selection, workers int, verbose bool) (m *matrix, n int, err error) {
	var some []fault
	for _, f := range faults() {
		if only.has(f) {
			some = append(some, f)
		}
	}
	m = newMatrix()
	start := time.Now()
	done := 0
	err = newRunner().runAll(some, workers, func(f fault, results []result) {
		m.add(f, results)
		for _, r := range results {
			if verbose || r.is == worse || r.is == better {
				fmt.Println(r)
			}
		}
		if done++; done%50 == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d after %v\n", done, len(some), time.Since(start).Round(time.Second))
		}
	})
	if err != nil {
		return nil, 0, err
	}
	for _, c := range calls {
		for _, row := range m.rows(c) {
			fmt.Println(row)
		}
	}
	fmt.Printf("%d faults; %d same, %d better, %d of ours alone, %d worse; %v\n", len(some),
		m.count[same], m.count[better], m.count[alone], m.count[worse], time.Since(start).Round(time.Second))
	return m, len(some), nil
}

// String tells of a step, and of one that is worse all there is.
func (r result) String() string {
	s := fmt.Sprintf("%c %v, %s, %s\n    net:  %v\n    ours: %v", r.is, r.fault, r.step, r.stack, r.theirs, r.ours)
	if r.is == worse {
		s += "\n" + r.ours.Detail
	}
	return s
}
