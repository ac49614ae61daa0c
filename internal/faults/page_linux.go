package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A matrix is what became of all faults.
type matrix struct {
	cells map[[3]string]map[verdict]int // by call, error and time
	notes map[string][]string           // by what they say: the faults that they are of
	count map[verdict]int
}

func newMatrix() *matrix {
	return &matrix{make(map[[3]string]map[verdict]int), make(map[string][]string), make(map[verdict]int)}
}

func (m *matrix) add(f fault, results []result) {
	at := [3]string{f.call.name, unix.ErrnoName(f.errno), string(f.when)}
	if m.cells[at] == nil {
		m.cells[at] = make(map[verdict]int)
	}
	for _, r := range results {
		m.cells[at][r.is]++
		m.count[r.is]++
		t, o, differ := otherWords(r.theirs, r.ours)
		switch {
		case differ:
			m.note(f, fmt.Sprintf("| %s | %s | %s |", r.step, t.without(f), o.without(f)))
		case r.is == better:
			m.note(f, fmt.Sprintf("| %s | %s | %s |", r.step, short(r.theirs), short(r.ours)))
		case r.ours.rank() == broken:
			m.note(f, fmt.Sprintf("| %s | %s | %s |", r.step, cmp.Or(r.theirs.Bad, "as in another step"), r.ours.Bad))
		}
	}
}

// without is what an operation said, but for the text of the error itself, which is each
// time another.
func (t trouble) without(f fault) string {
	return strings.ReplaceAll(t.String(), f.errno.Error(), "...")
}

// short is a report in one cell of a table.
func short(r report) string { return strings.ReplaceAll(r.String(), "|", "/") }

func (m *matrix) note(f fault, what string) {
	name := f.call.name + " " + unix.ErrnoName(f.errno)
	if !slices.Contains(m.notes[what], name) {
		m.notes[what] = append(m.notes[what], name)
	}
}

// cell is what became of one fault in all steps.
func (m *matrix) cell(call, errno string, w when) string {
	var parts []string
	for _, v := range []verdict{same, better, alone, worse} {
		if n := m.cells[[3]string{call, errno, string(w)}][v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%c%d", v, n))
		}
	}
	return strings.Join(parts, " ")
}

// rows are the matrix of a call: errors of which the same became share a row.
func (m *matrix) rows(c call) (rows []string) {
	names := make(map[string][]string)
	var order []string
	for _, errno := range c.errnos {
		name := unix.ErrnoName(errno)
		var cells []string
		for _, w := range whens {
			cells = append(cells, m.cell(c.name, name, w))
		}
		key := strings.Join(cells, " | ")
		if names[key] == nil {
			order = append(order, key)
		}
		names[key] = append(names[key], name)
	}
	for _, key := range order {
		rows = append(rows, "| "+c.name+" | "+strings.Join(names[key], " ")+" | "+key+" |")
	}
	return rows
}

const head = `# Faults

A program makes system calls that fail, over package net and over this library. A fault is a call, an error, and a time:
the first such call in a step of the program, the second, the fifth, one in four at random, or every call. A filter of
system calls makes it, in the same way for both packages. Package internal/faults has the steps and the rules by which it
judges them.

    go run ./internal/faults            # all of it
    go run ./internal/faults -write     # and writes this page
    go test ./internal/faults           # some of it, and compares this page with the tables

Written on Linux %s with %s. %d faults of %d, %d times in a step of ours: %d the same as with net, %d better, %d worse, and in %d
only ours makes the call, and keeps the rule.

The rule: no step hangs, spins, crashes, loses or doubles a byte, or leaves a descriptor or a goroutine behind, and each
step works after the fault is over. "The same" means that both packages work, or both fail with the error of the fault, or
both with another error, or both break the rule, as listed below. A number counts steps: = the same, + better, o only ours
makes the call, ! worse. An empty cell means that no step of ours makes the call that often. "receive" is every call that
reads from a socket, and "send" every call that writes to one; they fail outside the process. A name that begins with a
point is a call of package sys that its hook makes fail, and only the rule applies to it.

| call | errors | first | second | fifth | random | always |
|---|---|---|---|---|---|---|
`

const notesHead = `
## Not quite the same

These rows have the steps that work over this library and break the rule over net, the steps that break the rule over
both, and the errors whose text differs.

| step | net | ours | faults |
|---|---|---|---|
`

// page is the text of docs/reference/faults.md after so many faults.
func (m *matrix) page(done int) string {
	var b strings.Builder
	fmt.Fprintf(&b, head, release(), runtime.Version(), done, len(faults()), m.count[same]+m.count[better]+m.count[alone]+m.count[worse],
		m.count[same], m.count[better], m.count[worse], m.count[alone])
	for _, c := range slices.Concat(calls, hooks()) {
		for _, row := range m.rows(c) {
			b.WriteString(row + "\n")
		}
	}
	b.WriteString(notesHead)
	for _, note := range slices.Sorted(maps.Keys(m.notes)) {
		slices.Sort(m.notes[note])
		fmt.Fprintf(&b, "%s %s |\n", note, strings.Join(m.notes[note], ", "))
	}
	return b.String()
}

// release is the version of the kernel, without what others have added.
func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "?"
	}
	parts := strings.SplitN(unix.ByteSliceToString(u.Release[:]), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// pageName is where the page is, from the root of the module.
const pageName = "docs/reference/faults.md"

func (m *matrix) write(done int) error {
	return os.WriteFile(pageName, []byte(m.page(done)), 0o644)
}
