//go:build linux

// Command bench compares package net, netpoller, a peer and a bare epoll loop at the same work.
//
// Every run starts a fresh process for the work (this program again, see server.go) and loads it from this one, mostly
// with a raw epoll client that keeps exactly one request in flight on each connection (client_linux.go). CPU time and
// allocations are the server's alone. What the work can be is a table of scenarios (scenarios.go). Runs are interleaved
// (plan.go): each round visits every variant, in rotated order, so that a slow spell of the machine hits all of them; the
// tables show medians, and ratios are taken within a round.
//
// System calls are counted in runs of their own (count_linux.go), since counting slows the calls it counts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings is what the flags ask for.
type settings struct {
	Rounds    int           `json:"rounds"`
	Duration  time.Duration `json:"duration_ns"`
	Scenarios []string      `json:"scenarios"`
	Conns     []int         `json:"conns,omitempty"` // in the place of the scenarios' own
	Sizes     []int         `json:"sizes,omitempty"` // likewise
	Variants  []string      `json:"variants"`
	Syscalls  string        `json:"syscalls"`
	jsonFile  string
	htmlFile  string
	recorded  string
}

func main() {
	if key := os.Getenv(serverEnv); key != "" {
		runServer(key)
		return
	}
	// The main thread must start the servers: a server is killed when the *thread* that started it ends (Pdeathsig),
	// and the tracepoint counter follows the children of one thread.
	runtime.LockOSThread()
	s, err := parseFlags(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2) // parseFlags has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = bench(ctx, s)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string, complaints io.Writer) (settings, error) {
	s := settings{Scenarios: []string{echoScenario.key}, Variants: strings.Split(overviewVariants, ",")}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(complaints)
	f.IntVar(&s.Rounds, "rounds", 5, "times each variant is measured")
	f.DurationVar(&s.Duration, "duration", 600*time.Millisecond, "measured time of one run, after a warm-up")
	f.StringVar(&s.Syscalls, "syscalls", "auto", "how system calls are counted: auto, tracepoint, ptrace or off")
	f.StringVar(&s.jsonFile, "json", "", "`file` that receives the machine, every run and the summary")
	f.StringVar(&s.htmlFile, "html", "", "`file` that receives a report with charts")
	f.StringVar(&s.recorded, "report", "", "`file` written by -json: make the report from it and measure nothing")
	all := f.Bool("all", false, "run every scenario with every variant")
	listFlag(f, "scenario", "scenarios to run, `list` of "+strings.Join(scenarioKeys(), ",")+" (default echo)", &s.Scenarios)
	listFlag(f, "variants", "variants to run, `list` of "+strings.Join(variantKeys(), ",")+" (default "+overviewVariants+
		"; with -all or -scenario, all)", &s.Variants)
	numbersFlag(f, "conns", "connection counts, `list` (default 1,64,1000; with -all or -scenario, what each brings)", &s.Conns)
	numbersFlag(f, "size", "bytes per request and reply, `list` (default 64; with -all or -scenario, what each brings)", &s.Sizes)
	if err := f.Parse(args); err != nil {
		return s, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	s.complete(*all, given)
	err := s.check(f.Args())
	if err != nil {
		fmt.Fprintln(complaints, "bench:", err)
	}
	return s, err
}

// complete fills in the defaults, which for the overview are fewer.
func (s *settings) complete(all bool, given map[string]bool) {
	if all || given["scenario"] {
		if all && !given["scenario"] {
			s.Scenarios = scenarioKeys()
		}
		if !given["variants"] {
			s.Variants = variantKeys()
		}
		return
	}
	if !given["conns"] {
		s.Conns = []int{1, 64, 1000}
	}
	if !given["size"] {
		s.Sizes = []int{64}
	}
}

func listFlag(f *flag.FlagSet, name, usage string, list *[]string) {
	f.Func(name, usage, func(text string) error {
		*list = strings.Split(text, ",")
		return nil
	})
}

func numbersFlag(f *flag.FlagSet, name, usage string, list *[]int) {
	f.Func(name, usage, func(text string) (err error) {
		*list, err = parseNumbers(text)
		return err
	})
}

func parseNumbers(list string) ([]int, error) {
	var numbers []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a positive number", field)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func (s settings) check(rest []string) error {
	for _, key := range s.Variants {
		if _, ok := variantByKey(key); !ok {
			return fmt.Errorf("unknown variant %q; there are %s", key, strings.Join(variantKeys(), ", "))
		}
	}
	for _, key := range s.Scenarios {
		if _, ok := scenarioByKey(key); !ok {
			return fmt.Errorf("unknown scenario %q; there are %s", key, strings.Join(scenarioKeys(), ", "))
		}
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.Rounds < 1 || s.Duration <= 0:
		return errors.New("-rounds and -duration must be positive")
	case len(s.Sizes) > 0 && slices.Max(s.Sizes) > maxSize:
		return fmt.Errorf("-size must be at most %d", maxSize)
	case !slices.Contains([]string{"auto", "tracepoint", "ptrace", "off"}, s.Syscalls):
		return fmt.Errorf("unknown way to count system calls %q", s.Syscalls)
	case s.recorded != "" && s.htmlFile == "":
		return errors.New("-report needs -html, the file to write")
	}
	return nil
}
