//go:build linux

// Command bench compares echo servers built on package net, on netpoller and on a bare epoll loop.
//
// Every run starts a fresh server process (this program again, see server.go) and drives it from this process with a
// raw epoll client that keeps exactly one request in flight on each connection (client_linux.go). CPU time and
// allocations are the server's alone. Runs are interleaved: each round visits every variant, in rotated order, so that a
// slow spell of the machine hits all of them; the table shows medians, and ratios are taken within a round.
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
	Rounds   int           `json:"rounds"`
	Duration time.Duration `json:"duration_ns"`
	Conns    []int         `json:"conns"`
	Size     int           `json:"size"`
	Variants []string      `json:"variants"`
	Syscalls string        `json:"syscalls"`
	jsonFile string
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
	s := settings{Conns: []int{1, 64, 1000}, Variants: variantKeys()}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(complaints)
	f.IntVar(&s.Rounds, "rounds", 5, "times each variant is measured")
	f.DurationVar(&s.Duration, "duration", 600*time.Millisecond, "measured time of one run, after a warm-up")
	f.IntVar(&s.Size, "size", 64, "bytes per request and reply")
	f.StringVar(&s.Syscalls, "syscalls", "auto", "how system calls are counted: auto, tracepoint, ptrace or off")
	f.StringVar(&s.jsonFile, "json", "", "`file` that receives the machine, every run and the summary")
	f.Func("conns", "connection counts, `list` (default 1,64,1000)", func(list string) (err error) {
		s.Conns, err = parseConns(list)
		return err
	})
	usage := "variants to run, `list` of " + strings.Join(variantKeys(), ",") + " (default all)"
	f.Func("variants", usage, func(list string) error {
		s.Variants = strings.Split(list, ",")
		return nil
	})
	if err := f.Parse(args); err != nil {
		return s, err
	}
	err := s.check(f.Args())
	if err != nil {
		fmt.Fprintln(complaints, "bench:", err)
	}
	return s, err
}

func parseConns(list string) ([]int, error) {
	var conns []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number of connections", field)
		}
		conns = append(conns, n)
	}
	return conns, nil
}

func (s settings) check(rest []string) error {
	for _, key := range s.Variants {
		if _, ok := variantByKey(key); !ok {
			return fmt.Errorf("unknown variant %q; there are %s", key, strings.Join(variantKeys(), ", "))
		}
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.Rounds < 1 || s.Duration <= 0:
		return errors.New("-rounds and -duration must be positive")
	case s.Size < 1 || s.Size > maxSize:
		return fmt.Errorf("-size must be 1 to %d", maxSize)
	case !slices.Contains([]string{"auto", "tracepoint", "ptrace", "off"}, s.Syscalls):
		return fmt.Errorf("unknown way to count system calls %q", s.Syscalls)
	}
	return raiseFileLimit(slices.Max(s.Conns))
}

// bench measures, then prints and saves.
func bench(ctx context.Context, s settings) error {
	rep := report{Machine: describeMachine(), Settings: s}
	fmt.Println(rep.Machine)
	counting, note := chooseCounter(s.Syscalls)
	rep.CountedBy = note

	cells := len(s.Conns) * len(s.Variants)
	steps := s.Rounds * cells
	if counting != nil {
		steps += cells
	}
	prog := newProgress(os.Stderr, steps)
	defer prog.finish()

	for round := range s.Rounds {
		for _, cell := range roundOrder(s, round) {
			prog.step(fmt.Sprintf("round %d/%d, %s, %s", round+1, s.Rounds, plural(cell.Conns, "connection"), cell.Variant))
			r, err := measure(ctx, cell, s)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", cell.Variant, plural(cell.Conns, "connection"), err)
			}
			r.Round = round
			rep.Runs = append(rep.Runs, r)
		}
	}
	if counting != nil {
		if err := countAll(ctx, s, counting, prog, &rep); err != nil {
			return err
		}
	}
	prog.finish()
	rep.summarize()
	rep.print(os.Stdout)
	if s.jsonFile != "" {
		return rep.save(s.jsonFile)
	}
	return nil
}

// countAll makes the separate counting run of every cell.
func countAll(ctx context.Context, s settings, counting newCounter, prog *progress, rep *report) error {
	for _, cell := range roundOrder(s, 0) {
		prog.step(fmt.Sprintf("counting system calls, %s, %s", plural(cell.Conns, "connection"), cell.Variant))
		calls, err := countRun(ctx, cell, s, counting)
		if errors.Is(err, errCountingRefused) {
			rep.CountedBy = "n/a: " + err.Error()
			return nil
		}
		if err != nil {
			return fmt.Errorf("counting system calls of %s, %s: %w", cell.Variant, plural(cell.Conns, "connection"), err)
		}
		rep.Calls = append(rep.Calls, calls)
	}
	return nil
}

// cell is one square of the table: a variant under a number of connections.
type cell struct {
	Variant string `json:"variant"`
	Conns   int    `json:"conns"`
}

// roundOrder lists the cells of a round. Variants that are compared with each other run one right after the other, and
// each round begins with another one.
func roundOrder(s settings, round int) []cell {
	var order []cell
	for _, conns := range s.Conns {
		for i := range s.Variants {
			order = append(order, cell{s.Variants[(i+round)%len(s.Variants)], conns})
		}
	}
	return order
}
