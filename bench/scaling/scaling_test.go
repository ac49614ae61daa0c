//go:build linux

package main

import (
	"flag"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/process"
)

var write = flag.Bool("write", false, "write the figures into the page")

// TestMain lets the test binary be a subject, as the program's main does.
func TestMain(m *testing.M) {
	if !process.Main(start) {
		os.Exit(m.Run())
	}
}

// If this fails, a work does not run with package net, with one reactor or with two, or its figures stay empty.
func TestWorks(t *testing.T) {
	n := min(2, len(processors()))
	o := options{procs: upTo(n), reactors: upTo(n)}
	for _, w := range works {
		o.works = append(o.works, w.key)
	}
	for _, group := range o.groups() {
		for _, at := range group {
			t.Run(at.String(), func(t *testing.T) {
				runtime.LockOSThread() // as main does
				defer runtime.UnlockOSThread()
				r, err := measure(t.Context(), at, durationOf(at, 20*time.Millisecond))
				require.NoError(t, err)
				assert.Equal(t, point{at.Scenario, at.Procs, at.Reactors}, point{r.Work, r.Procs, r.Reactors})
				assert.Positive(t, r.Count)
				assert.Positive(t, r.PerSecond)
				assert.Positive(t, r.CPU)
				assert.GreaterOrEqual(t, r.LockWait, 0.0)
			})
		}
	}
}

// If this fails, the reactor is no longer found in a profile, and there is no estimate.
func TestReactorIsInTheProfile(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	o := options{procs: []int{1}, reactors: []int{1}, works: []string{profiled}}
	for range 20 { // there may be no sample in it
		r, err := measure(t.Context(), o.groups()[0][0], 100*time.Millisecond)
		require.NoError(t, err)
		if r.Reactor > 0 {
			assert.Less(t, r.Reactor, r.CPU)
			return
		}
	}
	t.Fatal("no sample of a reactor")
}

// If this fails, a reactor's time is that of another function, or the estimate starts from nothing.
func TestTimeIn(t *testing.T) {
	run, other := &profile.Function{Name: "x/poller.(*Poller).run"}, &profile.Function{Name: "x/fd.(*FD).run"}
	calledBy := func(f *profile.Function) *profile.Location {
		return &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: "leaf"}}, {Function: f}}}
	}
	p := &profile.Profile{Sample: []*profile.Sample{
		{Location: []*profile.Location{calledBy(run)}, Value: []int64{1, 10}},
		{Location: []*profile.Location{calledBy(other)}, Value: []int64{1, 100}},
		{Location: []*profile.Location{calledBy(other), calledBy(run)}, Value: []int64{1, 1000}},
	}}
	assert.EqualValues(t, 1010, timeIn(p, ".(*Poller).run"))
}

func TestDivide(t *testing.T) {
	for n, want := range map[int]struct {
		subject, client []int
		shared          bool
	}{
		1: {[]int{4}, []int{5}, false},
		2: {[]int{4, 5}, []int{6, 9}, false},
		3: {[]int{4, 5, 6}, []int{4, 5, 6, 9}, true},
	} {
		subject, client, shared := divide([]int{4, 5, 6, 9}, n)
		assert.Equal(t, want.subject, subject)
		assert.Equal(t, want.client, client)
		assert.Equal(t, want.shared, shared)
	}
}

// If this fails, points are left out, or there are more reactors than processors.
func TestGroups(t *testing.T) {
	assert.Equal(t, []int{1}, upTo(1))
	assert.Equal(t, []int{1, 2, 4, 6}, upTo(6))
	o, err := parseFlags([]string{"-works", "echo,reactor"}, 4)
	require.NoError(t, err)
	var names []string
	for _, group := range o.groups() {
		for _, at := range group {
			names = append(names, at.String())
		}
	}
	assert.Equal(t, []string{
		"echo, 64 connections, 64 B, 1 processor, net",
		"echo, 64 connections, 64 B, 1 processor, 1 reactor, nested",
		"echo, 128 connections, 64 B, 2 processors, net",
		"echo, 128 connections, 64 B, 2 processors, 1 reactor, nested",
		"echo, 128 connections, 64 B, 2 processors, 2 reactors, nested",
		"echo, 256 connections, 64 B, 4 processors, net",
		"echo, 256 connections, 64 B, 4 processors, 1 reactor, nested",
		"echo, 256 connections, 64 B, 4 processors, 2 reactors, nested",
		"echo, 256 connections, 64 B, 4 processors, 4 reactors, nested",
		"reactor, 64 connections, 64 B, 1 processor, 1 reactor, nested",
		"reactor, 128 connections, 64 B, 2 processors, 1 reactor, nested",
		"reactor, 256 connections, 64 B, 4 processors, 1 reactor, nested",
	}, names)
}

// The figures are made up so that they can be checked by hand.
func TestEstimate(t *testing.T) {
	e := estimate{procs: 64, request: 10_000, event: 1000, accept: 50_000, sections: sections{Register: 1000, Slot: 100, Arm: 50}}
	assert.InDelta(t, 6.4, e.busy(1), 1e-9)
	assert.InDelta(t, 1.6, e.busy(4), 1e-9)
	assert.InDelta(t, 0.8, e.busy(8), 1e-9)
	assert.True(t, math.IsInf(e.wait(4), 1), "more comes than it can take")
	assert.InDelta(t, 2000, e.wait(8), 1e-6, "1000 * 0.8 / (2 * 0.2)")
	assert.Equal(t, 10, e.reactorsFor(0.7))
	assert.Equal(t, bound{"the kernel's mutex", 1e6}, least(e.connections(1)))
	e.accept = 100_000
	assert.Equal(t, bound{"processors", 64e4}, least(e.connections(1)))
	e.Slot = 10_000
	assert.Equal(t, bound{"slots", 1e5}, least(e.connections(1)))
	assert.InDelta(t, 4*2e7, e.deadlines(4), 1e-6)
}

// If this fails, a ratio is not one of two runs of the same round, or a table leaves out what it must say.
func TestPrint(t *testing.T) {
	rec := recording{Rounds: 7}
	for round := range 7 {
		spell := float64(round + 1) // the machine becomes faster
		for _, r := range []run{
			{Work: "echo", Procs: 1, PerSecond: 100, CPU: 8000},
			{Work: "echo", Procs: 1, Reactors: 1, PerSecond: 150, CPU: 4000, LockWait: 7000},
			{Work: "echo", Procs: 2, PerSecond: 200, CPU: 8000, Shared: true},
			{Work: "echo", Procs: 2, Reactors: 1, PerSecond: 300, CPU: 4000, Shared: true},
			{Work: "accept", Procs: 2, Reactors: 1, PerSecond: 1, CPU: 9000},
			{Work: profiled, Procs: 2, Reactors: 1, PerSecond: 1, Reactor: 700},
		} {
			r.Round, r.PerSecond = round, r.PerSecond*spell
			rec.Runs = append(rec.Runs, r)
		}
	}
	var out strings.Builder
	rec.print(&out, 64)
	fields := func(line string) string { return strings.Join(strings.Fields(line), " ") }
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, fields(line))
	}
	assert.Contains(t, lines, "1 1 600 1.00 1.50 1.50–1.50 4.00 0.50 0.50–0.50 7.000 0.0")
	assert.Contains(t, lines, "2 * 1 1,200 2.00 1.50 1.50–1.50 4.00 0.50 0.50–0.50 0.000 0.0")
	assert.Contains(t, out.String(), "* the client ran on the same processors")
	assert.Contains(t, out.String(), "ESTIMATE for 64 processors, not measured")
	assert.Contains(t, out.String(), "c = 4.00 µs, of that the reactor s = 0.70 µs; connection a = 9.0 µs")
}

// If this fails, a section takes no time.
func TestSections(t *testing.T) {
	s, err := measureSections(1)
	require.NoError(t, err)
	assert.Positive(t, s.Register)
	assert.Positive(t, s.Slot)
	assert.Positive(t, s.Arm)
}

// The figures in the page are those that the command prints: go test -C bench ./scaling -run Page -write
func TestPageShowsTheRecording(t *testing.T) {
	const name, fence = "../../docs/many-cores.md", "    go run -C bench ./scaling -report scaling/two-cores.json\n\n```text\n"
	page, err := os.ReadFile(name)
	require.NoError(t, err)
	before, block, found := strings.Cut(string(page), fence)
	require.True(t, found)
	_, after, _ := strings.Cut(block, "```")
	rec, err := load("two-cores.json")
	require.NoError(t, err)
	var out strings.Builder
	rec.print(&out, 64)
	want := before + fence + out.String() + "```" + after
	if *write {
		require.NoError(t, os.WriteFile(name, []byte(want), 0o666))
		return
	}
	assert.Equal(t, want, string(page), "go test -C bench ./scaling -run Page -write")
}
