package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// A board shows how the layers of an image are getting on: with a bar for each on a
// terminal, otherwise with a line whenever there is something to say.
type board struct {
	mu    sync.Mutex
	out   io.Writer
	live  bool // out can be drawn over
	rows  []row
	drawn time.Time // last, or zero
}

type row struct {
	layer
	have int64
	text string // what was said last
}

func newBoard(out io.Writer) *board {
	b := &board{out: out}
	if file, ok := out.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		info, err := file.Stat()
		b.live = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

// begin starts anew with other layers, below what there is.
func (b *board) begin(layers []layer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows, b.drawn = make([]row, len(layers)), time.Time{}
	for i, l := range layers {
		b.rows[i].layer = l
	}
}

// move says how much there is of a layer.
func (b *board) move(i int, have int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[i].have, b.rows[i].text = have, ""
	if b.live && time.Since(b.drawn) > 50*time.Millisecond {
		b.draw()
	}
}

// say adds a word about a layer.
func (b *board) say(i int, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[i].text = text
	if b.live {
		b.draw()
		return
	}
	r := b.rows[i]
	fmt.Fprintf(b.out, "  layer %-2d %s  %3d%%  %s\n", i+1, r.short(), r.percent(), r.text)
}

func (b *board) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live {
		b.draw()
	}
}

// draw draws all rows, over those that were drawn before.
func (b *board) draw() {
	var s strings.Builder
	if !b.drawn.IsZero() {
		fmt.Fprintf(&s, "\x1b[%dA", len(b.rows)) // up to the first one
	}
	for i, r := range b.rows {
		const width = 24
		full := width * r.percent() / 100
		bar := strings.Repeat("#", full) + strings.Repeat(".", width-full)
		// A line that the terminal has to break would spoil the counting of lines.
		text := r.text[:min(len(r.text), 28)]
		fmt.Fprintf(&s, "  %-2d %s [%s] %3d%%  %s\x1b[K\n", i+1, r.short(), bar, r.percent(), text)
	}
	io.WriteString(b.out, s.String())
	b.drawn = time.Now()
}

// short is the beginning of the digest, enough to tell layers apart.
func (r row) short() string {
	_, digits, _ := strings.Cut(r.Digest, ":")
	return fmt.Sprintf("%.8s", digits)
}

func (r row) percent() int {
	if r.Size == 0 {
		return 100
	}
	return int(r.have * 100 / r.Size)
}

// summarize prints what each fault took.
func summarize(out io.Writer, tallies []tally) {
	const format = "%-9s %8v %14v %9v   %s\n"
	fmt.Fprintf(out, format, "fault", "attempts", "bytes resumed", "took", "verified")
	for _, t := range tallies {
		verified := fmt.Sprintf("%d of %d", t.verified, t.layers)
		fmt.Fprintf(out, format, t.fault, t.attempts, inBytes(t.resumed), t.took.Round(time.Millisecond), verified)
	}
}

// inBytes writes a number of bytes as people do.
func inBytes(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
