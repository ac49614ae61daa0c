//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/a57b2d82/netpoller/bench/figures"
)

// An estimate is what a machine with more processors could do, at most, by what was measured here. All times are in
// nanoseconds.
type estimate struct {
	procs    int
	request  float64 // processor time for a request, the reactor's included
	event    float64 // of that, the reactor's
	accept   float64 // processor time for a connection
	sections         // the parts of which there is one at a time
}

// A bound is how much of one thing is possible in a second.
type bound struct {
	what      string
	perSecond float64
}

// processorsBound is what n processors do together in a second if each unit takes them so long, and nothing is shared.
func processorsBound(n int, nanoseconds float64) float64 { return float64(n) * 1e9 / nanoseconds }

// busy is the share of its time that each of k reactors is busy, if requests come as fast as the processors could serve them.
func (e estimate) busy(reactors int) float64 {
	return processorsBound(e.procs, e.request) / processorsBound(reactors, e.event)
}

// wait is the mean time that an event waits for its reactor: M/D/1, so that arrivals are random and each takes the same time.
func (e estimate) wait(reactors int) (nanoseconds float64) {
	busy := e.busy(reactors)
	if busy >= 1 {
		return math.Inf(1)
	}
	return e.event * busy / (2 * (1 - busy))
}

// reactorsFor is how many reactors keep each of them below a share of its time.
func (e estimate) reactorsFor(share float64) int {
	return int(math.Ceil(e.busy(1) / share))
}

// bounds of connections and deadlines do not depend on each other; the least of a group is what holds.
func (e estimate) connections(reactors int) []bound {
	return []bound{
		{"processors", processorsBound(e.procs, e.accept)},
		{"the kernel's mutex", 1e9 / e.Register},
		{"slots", processorsBound(reactors, e.Slot)},
	}
}

func (e estimate) deadlines(reactors int) float64 { return processorsBound(reactors, e.Arm) }

func least(bounds []bound) bound {
	found := bounds[0]
	for _, b := range bounds[1:] {
		if b.perSecond < found.perSecond {
			found = b
		}
	}
	return found
}

// highest is the share of its time above which a reactor's queue grows fast: at 0.7 an event waits for 1.2 service times.
const highest = 0.7

func (e estimate) print(out io.Writer, reactors []int) {
	fmt.Fprintf(out, "ESTIMATE for %s, not measured\n\n", figures.Plural(e.procs, "processor"))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "reactors\treactors busy\tan event waits µs\trequests/s\tconnections/s\tbound by\tdeadlines/s\t")
	for _, k := range reactors {
		requests := min(processorsBound(e.procs, e.request), processorsBound(k, e.event))
		c := least(e.connections(k))
		wait := "grows"
		if e.busy(k) < 1 {
			wait = fmt.Sprintf("%.2f", e.wait(k)/1e3)
		}
		fmt.Fprintf(t, "%d\t%.0f %%\t%s\t%s\t%s\t%s\t%s\t\n", k, 100*e.busy(k), wait,
			figures.Thousands(requests), figures.Thousands(c.perSecond), c.what, figures.Thousands(e.deadlines(k)))
	}
	t.Flush()
	fmt.Fprintf(out, "\n  request c = %.2f µs, of that the reactor s = %.2f µs; connection a = %.1f µs\n"+
		"  register r = %.2f µs, slot m = %.3f µs, arm d = %.3f µs\n"+
		"  %d/c = %s requests/s; k reactors k/s: busy = %d·s/(k·c); an event waits s·busy/(2·(1-busy)) (M/D/1)\n"+
		"  connections: the least of %d/a = %s, 1/r = %s, k/m; deadlines: k/d\n"+
		"  %s keep each below %.0f %%\n",
		e.request/1e3, e.event/1e3, e.accept/1e3, e.Register/1e3, e.Slot/1e3, e.Arm/1e3,
		e.procs, figures.Thousands(processorsBound(e.procs, e.request)), e.procs,
		e.procs, figures.Thousands(processorsBound(e.procs, e.accept)), figures.Thousands(1e9/e.Register),
		figures.Plural(e.reactorsFor(highest), "reactor"), 100*highest)
}
