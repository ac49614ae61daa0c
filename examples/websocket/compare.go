package main

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

const (
	broadcasts = 10  // in each round
	length     = 128 // bytes of a broadcast
)

// A plan is how much is measured, and for how long.
type plan struct {
	conns, rounds int
	settle        time.Duration // after which what was begun has come to rest
	forget        time.Duration // after which limits that a handshake had to wait with are over
	idle          time.Duration // while the processor time of an idle server is measured
	pause         time.Duration // between broadcasts
}

// A figure is a column of the table.
type figure struct {
	name string
	unit float64 // what 1 in the column is
	of   func(r result) float64
}

// A result is what a round has measured. Memory is in bytes for each connection.
type result struct {
	heap, stacks, kernel, resident float64
	idle                           float64 // processor time, as a part of one processor
	p50, p99, last                 time.Duration
	perMessage                     time.Duration // processor time of the server in a broadcast
}

// figures are the columns.
var figures = []figure{
	{"heap B", 1, func(r result) float64 { return r.heap }},
	{"stacks B", 1, func(r result) float64 { return r.stacks }},
	{"kernel B", 1, func(r result) float64 { return r.kernel }},
	{"resident B", 1, func(r result) float64 { return r.resident }},
	{"idle ms/s", 1e-3, func(r result) float64 { return r.idle }},
	{"p50 ms", float64(time.Millisecond), func(r result) float64 { return float64(r.p50) }},
	{"p99 ms", float64(time.Millisecond), func(r result) float64 { return float64(r.p99) }},
	{"last ms", float64(time.Millisecond), func(r result) float64 { return float64(r.last) }},
	{"CPU µs", float64(time.Microsecond), func(r result) float64 { return float64(r.perMessage) }},
}

// compare measures each kind, plain and over TLS, in each round in another order, and writes the
// table.
func compare(w io.Writer, chosen []kind, p plan) error {
	var whats []What
	for _, overTLS := range []bool{false, true} {
		for _, k := range chosen {
			whats = append(whats, What{k.name, overTLS})
		}
	}
	results := make(map[What][]result)
	for round := range p.rounds {
		for _, i := range rand.Perm(len(whats)) {
			what := whats[i]
			log.Printf("round %d of %d: %s, TLS %v", round+1, p.rounds, what.Kind, what.TLS)
			r, err := p.try(what)
			if err != nil {
				return fmt.Errorf("%s, TLS %v: %w", what.Kind, what.TLS, err)
			}
			results[what] = append(results[what], r)
		}
	}
	return table(w, whats, results)
}

// try measures a server with its clients.
func (p plan) try(what What) (r result, err error) {
	server, err := begin("-child", "server")
	if err != nil {
		return r, err
	}
	defer server.end()
	load, err := begin("-child", "clients")
	if err != nil {
		return r, err
	}
	defer load.end() // before the server's: then no end of a connection is left in TIME_WAIT
	target := Target{Conns: p.conns}
	if err := server.call("Start", what, &target); err != nil {
		return r, err
	}
	time.Sleep(p.settle)
	if err := p.memory(&r, server, func() error { return load.call("Connect", target, nil) }); err != nil {
		return r, err
	}
	var online int
	if err := server.call("Online", struct{}{}, &online); err != nil {
		return r, err
	}
	if online != p.conns {
		return r, fmt.Errorf("%d of %d connections are there", online, p.conns)
	}
	time.Sleep(p.settle)
	spent, err := during(server, func() error { time.Sleep(p.idle); return nil })
	if err != nil {
		return r, err
	}
	r.idle = float64(spent) / float64(p.idle)
	err = p.broadcasts(&r, server, load)
	return r, err
}

// memory measures what connections take.
func (p plan) memory(r *result, server *process, connect func() error) error {
	var before, after Use
	if err := server.call("Measure", struct{}{}, &before); err != nil {
		return err
	}
	kernel, err := slabs()
	if err != nil {
		return err
	}
	if err := connect(); err != nil {
		return err
	}
	time.Sleep(p.forget)
	kernelAfter, err := slabs()
	if err != nil {
		return err
	}
	if err := server.call("Measure", struct{}{}, &after); err != nil {
		return err
	}
	each := func(before, after int) float64 { return float64(after-before) / float64(p.conns) }
	r.heap, r.stacks = each(before.Heap, after.Heap), each(before.Stacks, after.Stacks)
	r.resident, r.kernel = each(before.Resident, after.Resident), each(kernel, kernelAfter)
	return nil
}

// broadcasts measures broadcasts, without the first.
func (p plan) broadcasts(r *result, server, load *process) error {
	var first []time.Duration
	if err := load.call("Broadcast", length, &first); err != nil {
		return err
	}
	var all []time.Duration
	spent, err := during(server, func() error {
		for range broadcasts {
			time.Sleep(p.pause)
			var took []time.Duration
			if err := load.call("Broadcast", length, &took); err != nil {
				return err
			}
			r.last += slices.Max(took) / broadcasts
			all = append(all, took...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(all)
	r.p50, r.p99 = all[len(all)/2], all[len(all)*99/100]
	r.perMessage = spent / time.Duration(broadcasts*p.conns)
	return nil
}

// during returns the processor time that a server spends while f runs.
func during(server *process, f func() error) (spent time.Duration, err error) {
	var before, after time.Duration
	if err := server.call("ProcessorTime", struct{}{}, &before); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	err = server.call("ProcessorTime", struct{}{}, &after)
	return after - before, err
}

// table writes the least and the most of each figure over the rounds.
func table(w io.Writer, whats []What, results map[What][]result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "server\t\t")
	for _, f := range figures {
		fmt.Fprint(t, f.name, "\t")
	}
	fmt.Fprintln(t)
	for _, what := range whats {
		over := "plain"
		if what.TLS {
			over = "TLS"
		}
		fmt.Fprint(t, what.Kind, "\t", over, "\t")
		for _, f := range figures {
			var values []float64
			for _, r := range results[what] {
				values = append(values, f.of(r)/f.unit)
			}
			fmt.Fprint(t, span(values), "\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// span returns the least and the most of values, with three digits that count.
func span(values []float64) string {
	text := func(v float64) string {
		switch {
		case v >= 100 || v <= -100:
			return strconv.FormatFloat(v, 'f', 0, 64)
		default:
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
	}
	least, most := text(slices.Min(values)), text(slices.Max(values))
	if least == most {
		return least
	}
	return least + "–" + most
}
