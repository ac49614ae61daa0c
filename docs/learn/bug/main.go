// Command bug switches a bug on: it plants a mistake in a copy of the source, runs what shows it, and prints the
// counterexample.
//
//	go run ./docs/learn/bug                       # the bugs that pollers have had
//	go run ./docs/learn/bug -mistakes             # every mistake that can be planted
//	go run ./docs/learn/bug late-facts            # one of them
//	go run ./docs/learn/bug 'no check of info'    # or one whose file or name has this text
//	go run ./docs/learn/bug -history              # all that pollers have had: it fails if one no longer shows
//	go run ./docs/learn/bug -write                # writes the pages docs/learn/exercises.md and answers.md
//
// The patched file stands in for the file through the -overlay flag of the go command, so the source itself never changes.
//
// Where it stands: above package list, whose mistakes it plants.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/a57b2d82/netpoller/internal/mutants/list"
	"github.com/a57b2d82/netpoller/internal/mutants/plant"
)

func main() {
	mistakes := flag.Bool("mistakes", false, "list every mistake")
	every := flag.Bool("history", false, "show every bug that pollers have had")
	write := flag.Bool("write", false, "write the pages")
	flag.Parse()
	var err error
	switch name := strings.Join(flag.Args(), " "); {
	case *write:
		err = writePages()
	case *every:
		err = show(history, false)
	case *mistakes:
		for _, m := range list.All() {
			fmt.Printf("%s: %s\n", m.File, m.Name)
		}
	case name == "":
		index()
	default:
		var b bug
		if b, err = find(name); err == nil {
			err = show([]bug{b}, true)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bug:", err)
		os.Exit(1)
	}
}

// index prints the names.
func index() {
	for _, b := range history {
		fmt.Printf("%-22s %s\n", b.name, b.question)
	}
	fmt.Printf("\nThese are some of the %d mistakes that can be planted: -mistakes lists all.\n", len(list.All()))
}

// find returns the bug of a name: one that pollers have had, or any other mistake.
func find(name string) (bug, error) {
	for _, b := range history {
		if b.name == name {
			return b, nil
		}
	}
	var found []plant.Mutant
	for _, m := range list.All() {
		switch {
		case m.Name == name:
			return bug{name: m.Name, file: m.File, mistake: m.Name}, nil
		case strings.Contains(strings.ToLower(m.File+": "+m.Name), strings.ToLower(name)):
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return bug{}, fmt.Errorf("no bug has the name %q: go run ./docs/learn/bug lists them, with -mistakes all", name)
	case 1:
		return bug{name: found[0].Name, file: found[0].File, mistake: found[0].Name}, nil
	}
	var text strings.Builder
	for _, m := range found {
		fmt.Fprintf(&text, "\n\t%s: %s", m.File, m.Name)
	}
	return bug{}, fmt.Errorf("several have %q in their name:%s", name, &text)
}

// show shows bugs, one after the other, with all details or in a line each.
func show(bugs []bug, details bool) error {
	l, err := plant.Open(context.Background())
	if err != nil {
		return err
	}
	defer l.Close()
	planted := make([]plant.Mutant, len(bugs))
	for i, b := range bugs {
		if planted[i], err = b.mutant(); err != nil {
			return err
		}
	}
	if details {
		planted[0].Alone()
		text, err := describe(l.Root, &bugs[0], &planted[0])
		if err != nil {
			return err
		}
		fmt.Print(text)
	}
	if err := l.Prepare(2, planted); err != nil {
		return err
	}
	var failed []error
	for i := range bugs {
		r := l.Try(&planted[i])
		if !r.OK() {
			failed = append(failed, fmt.Errorf("%s: %s %s\n%s", bugs[i].name, r.Verdict, r.By, r.Output))
			continue
		}
		if details {
			fmt.Print(outcome(l.Root, &bugs[0], &r))
		} else {
			fmt.Printf("%-22s shown by %s (%.1fs)\n", bugs[i].name, r.By, r.Took.Seconds())
		}
	}
	return errors.Join(failed...)
}
