//go:build linux

// Command scaling records how registering, accepting, echoing and setting deadlines scale with processors and with reactors,
// beside package net, and estimates from that what a larger machine could do.
//
//	go run -C bench ./scaling -json scaling.json
//
// The subject is a process of its own, with GOMAXPROCS=n and confined to n processors. A bare epoll client with as many
// threads loads it from as many other processors, if there are so many; registering and setting deadlines need no client.
// Runs are interleaved as in package main of bench: a round visits every point, and ratios are taken within a round.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

func main() {
	if process.Main(start) {
		return
	}
	runtime.LockOSThread() // a server is killed when the thread that started it ends, and inherits its processors
	log.SetFlags(0)
	log.SetPrefix("scaling: ")
	o, err := parseFlags(os.Args[1:], len(processors()))
	if err != nil {
		os.Exit(2) // the flag package has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rec, err := o.record(ctx)
	if err != nil {
		log.Fatal(err)
	}
	rec.print(os.Stdout, o.estimated)
	if o.jsonFile != "" {
		if err := rec.save(o.jsonFile); err != nil {
			log.Fatal(err)
		}
	}
}

// options is what the flags ask for.
type options struct {
	procs, reactors []int
	works           []string
	rounds          int
	duration        time.Duration
	estimated       int
	jsonFile        string
	recorded        string
}

func parseFlags(args []string, processors int) (o options, err error) {
	o = options{procs: upTo(processors), reactors: upTo(processors)}
	for _, w := range works {
		o.works = append(o.works, w.key)
	}
	f := flag.NewFlagSet("scaling", flag.ContinueOnError)
	numbers := func(list *[]int, most int) func(string) error {
		return func(text string) error {
			*list = nil
			for field := range strings.SplitSeq(text, ",") {
				n, err := strconv.Atoi(field)
				if err != nil || n < 1 || n > most {
					return fmt.Errorf("%q is no number from 1 to %d", field, most)
				}
				*list = append(*list, n)
			}
			return nil
		}
	}
	f.Func("procs", "processors of the subject, `list` (default 1,2,4,... and all)", numbers(&o.procs, processors))
	f.Func("reactors", "reactors, `list` (default as procs; never more than those)", numbers(&o.reactors, 1024))
	f.Func("works", "what is measured, `list` (default "+strings.Join(o.works, ",")+")", func(text string) error {
		o.works = strings.Split(text, ",")
		for _, key := range o.works {
			if _, ok := workByKey(key); !ok {
				return fmt.Errorf("unknown work %q", key)
			}
		}
		return nil
	})
	f.IntVar(&o.rounds, "rounds", 7, "times each point is measured")
	f.DurationVar(&o.duration, "duration", 300*time.Millisecond, "measured time of one run")
	f.IntVar(&o.estimated, "estimate", 64, "processors of the machine to estimate for")
	f.StringVar(&o.jsonFile, "json", "", "`file` that receives every run")
	f.StringVar(&o.recorded, "report", "", "`file` written by -json: print it and measure nothing")
	if err = f.Parse(args); err == nil && (o.rounds < 1 || o.duration <= 0 || f.NArg() > 0) {
		err = fmt.Errorf("-rounds and -duration must be positive, and there are no other arguments")
		fmt.Fprintln(f.Output(), "scaling:", err)
	}
	return o, err
}

// upTo lists the powers of two below n, and n.
func upTo(n int) []int {
	var list []int
	for i := 1; i < n; i *= 2 {
		list = append(list, i)
	}
	return append(list, n)
}

// record measures what the options ask for, or loads it.
func (o options) record(ctx context.Context) (rec recording, err error) {
	if o.recorded != "" {
		return load(o.recorded)
	}
	rec = recording{Machine: machine.This(), Rounds: o.rounds, Duration: o.duration}
	groups := o.groups()
	for round := range o.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, o.rounds)
		for _, group := range groups {
			for i := range group {
				at := group[(i+round)%len(group)] // each round begins with another one
				r, err := measure(ctx, at, durationOf(at, o.duration))
				if err != nil {
					return rec, fmt.Errorf("%v: %w", at, err)
				}
				r.Round = round
				rec.Runs = append(rec.Runs, r)
			}
		}
	}
	rec.Sections, err = measureSections(o.rounds)
	return rec, err
}

// durationOf is longer where a profile has to collect samples, of which there are a hundred a second.
func durationOf(at servers.Cell, d time.Duration) time.Duration {
	if at.Scenario == profiled {
		return 4 * d
	}
	return d
}

// groups lists the cells that are compared with each other: package net first, then the numbers of reactors.
func (o options) groups() (groups [][]servers.Cell) {
	for _, key := range o.works {
		w, _ := workByKey(key)
		for _, procs := range o.procs {
			var group []servers.Cell
			for _, reactors := range append([]int{0}, o.reactors...) {
				if reactors > procs || key == profiled && reactors != 1 {
					continue
				}
				at := servers.Cell{Scenario: key, Variant: servers.Baseline, Point: servers.Point{
					Op: w.op, Conns: w.conns * procs, Size: 64, Procs: procs, Reactors: reactors}}
				if reactors > 0 {
					at.Variant = "nested"
				}
				group = append(group, at)
			}
			groups = append(groups, group)
		}
	}
	return groups
}
