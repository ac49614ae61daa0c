//go:build linux

package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// plainEvery is how often progress is printed where a line cannot be rewritten.
const plainEvery = 10 * time.Second

// progress says what runs now and how long the rest will take: on one line of a terminal, or on a line now and then.
type progress struct {
	out      *os.File
	terminal bool
	steps    int
	done     int
	start    time.Time
	printed  time.Time
	dirty    bool // the terminal's line is in use
}

func newProgress(out *os.File, steps int) *progress {
	_, err := unix.IoctlGetTermios(int(out.Fd()), unix.TCGETS)
	return &progress{out: out, terminal: err == nil, steps: steps, start: time.Now()}
}

// step announces the next step.
func (p *progress) step(what string) {
	now := time.Now()
	line := fmt.Sprintf("%3d%%  %s", 100*p.done/p.steps, what)
	if p.done > 0 {
		left := now.Sub(p.start) / time.Duration(p.done) * time.Duration(p.steps-p.done)
		line += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	p.done++
	switch {
	case p.terminal:
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
		p.dirty = true
	case now.Sub(p.printed) >= plainEvery:
		fmt.Fprintln(p.out, line)
		p.printed = now
	}
}

// finish clears the line.
func (p *progress) finish() {
	if p.dirty {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.dirty = false
	}
}
