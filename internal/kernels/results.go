package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// A result is what came of one boot, or of several.
type result struct {
	kernel
	host     string // of the last boot: the day, Go, and what emulated the machine
	image    string // the package
	started  bool   // the last one got to its first process
	programs map[string]*program
	err      error
}

// A program is what came of one package's tests.
type program struct {
	host   string
	out    strings.Builder
	end    string            // "ok", or how it failed
	took   string            // how long
	action map[string]string // run, pass, fail or skip, by the names of tests and subtests
	said   map[string]string // what a test printed
}

// read reads the log of a boot.
func read(k kernel, log io.Reader) (*result, error) {
	r := &result{kernel: k, err: errors.New("the machine did not get to its end"), programs: map[string]*program{}}
	for lines := bufio.NewReader(log); ; {
		line, err := lines.ReadString('\n')
		r.take(strings.TrimRight(line, "\r\n"))
		if err == io.EOF {
			r.endAll()
			return r, r.count()
		}
		if err != nil {
			return nil, err
		}
	}
}

// take takes one line of the log. Lines without "@" are the kernel's.
func (r *result) take(line string) {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "@host":
		r.host = rest
	case "@image":
		r.image = rest
	case "@kernel":
		r.started = true
	case "@tests":
		for name := range strings.FieldsSeq(rest) {
			r.program(name)
		}
	case "@out":
		name, text, _ := strings.Cut(rest, " ")
		r.program(name).out.WriteString(text + "\n")
	case "@end":
		fields := strings.SplitN(rest, " ", 3)
		p := r.program(fields[0])
		p.took, p.end = fields[1], fields[2]
	case "@error":
		r.err = errors.New(rest)
	case "@done":
		r.err = nil
	}
}

func (r *result) program(name string) *program {
	if r.programs[name] == nil {
		r.programs[name] = &program{host: r.host, took: "?", action: map[string]string{}, said: map[string]string{}}
	}
	return r.programs[name]
}

// endAll says of the programs that did not end why.
func (r *result) endAll() {
	for _, p := range r.programs {
		switch {
		case p.end != "":
		case p.out.Len() == 0:
			p.end = "did not start"
		default:
			p.end = "did not end"
		}
	}
}

// merge returns the results of boots of one kernel, in the order of time: what came last of
// each program. Results of another version of the kernel than the last are left out.
func merge(k kernel, boots []*result) *result {
	merged := &result{kernel: k, programs: map[string]*program{}}
	for _, r := range boots {
		if r.image != merged.image {
			clear(merged.programs)
		}
		merged.image, merged.host = r.image, r.host
		maps.Copy(merged.programs, r.programs)
	}
	return merged
}

// count sees what became of every test.
func (r *result) count() error {
	for _, p := range r.programs {
		cmd := exec.Command("go", "tool", "test2json")
		cmd.Stdin = strings.NewReader(p.out.String())
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", cmd, err)
		}
		if err := p.count(out); err != nil {
			return err
		}
	}
	return nil
}

// count sees what became of every test of a program, by what test2json makes of its output.
func (p *program) count(events []byte) error {
	for dec := json.NewDecoder(bytes.NewReader(events)); dec.More(); {
		var e struct{ Action, Test, Output string }
		if err := dec.Decode(&e); err != nil {
			return err
		}
		switch e.Action {
		case "output":
			if text := strings.TrimSpace(e.Output); !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- ") {
				p.said[e.Test] += e.Output
			}
		case "run", "pass", "fail", "skip":
			if e.Test != "" {
				p.action[e.Test] = e.Action
			}
		}
	}
	return nil
}

// with returns the tests of which something became, in order.
func (p *program) with(action string) (tests []string) {
	for test, a := range p.action {
		if a == action {
			tests = append(tests, test)
		}
	}
	slices.Sort(tests)
	return tests
}

// ok reports whether the machine ran to its end, and every program ended well.
func (r *result) ok() bool {
	for _, p := range r.programs {
		if p.end != "ok" {
			return false
		}
	}
	return r.err == nil && len(r.programs) > 0
}

// facts are the facts about epoll, with the tests in internal/sys that see them.
var facts = []struct {
	letter string
	tests  []string
}{
	{"a", []string{"TestFactEdgesCoalesce", "TestNotifyIsAnEdge"}},
	{"b", []string{"TestFactAddReportsReady"}},
	{"c", []string{"TestFactUnaskedEvents"}},
	{"d", []string{"TestFactCloseOfDuplicate"}},
	{"e", []string{"TestFactNested"}},
	{"f", []string{"TestFactNestedAddLooksFurther"}},
	{"g", []string{"TestFactManyNested"}},
}

// shows returns what a kernel showed of a fact: "seen", or what is to be said instead.
func (r *result) shows(tests []string) string {
	sys := r.programs["internal/sys"]
	shown := "seen"
	for _, test := range tests {
		switch {
		case sys == nil || sys.action[test] == "":
			return "not run"
		case sys.action[test] != "pass":
			shown = "**not seen**"
		}
	}
	return shown
}
