//go:build linux

// Command bench compares package net, netpoller, a peer and a bare epoll loop at the same work.
//
// Every run starts a fresh process for the work (this program again, see package process) and loads it from this one, mostly
// with a raw epoll client that keeps exactly one request in flight on each connection (package client). CPU time and
// allocations are the server's alone. Package scenarios has the table of all such work. Runs are interleaved
// (plan.go): each round visits every variant, in rotated order, so that a slow spell of the machine hits all of them; the
// tables (package report) show medians, and ratios are taken within a round.
//
// System calls are counted in runs of their own (package counting), since counting slows the calls it counts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/scenarios"
)

func main() {
	if process.Main(scenarios.Start) {
		return
	}
	// The main thread must start the servers: a server is killed when the *thread* that started it ends (Pdeathsig),
	// and the tracepoint counter follows the children of one thread.
	runtime.LockOSThread()
	o, err := parseFlags(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2) // parseFlags has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = bench(ctx, o)
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

// bench measures, then prints and saves.
func bench(ctx context.Context, o options) error {
	switch {
	case o.record != "":
		return record(ctx, o)
	case o.tables:
		return writeTables()
	case o.recorded != "":
		rep, err := report.Load(o.recorded)
		if err != nil {
			return err
		}
		return rep.SaveHTML(o.htmlFile)
	}
	rep := &report.Report{Machine: machine.This(), Settings: o.Settings}
	fmt.Println(rep.Machine)
	if !o.Force {
		quiet, err := machine.WaitQuiet(ctx)
		if err != nil {
			return err
		}
		rep.Machine.Before = &quiet
	}
	clocks := machine.Now()
	if err := fill(ctx, rep); err != nil {
		return err
	}
	during := machine.Now().Since(clocks)
	rep.Machine.During, rep.Machine.LoadEnd = &during, machine.LoadAverage()
	rep.Summarize()
	rep.Print(os.Stdout)
	if o.jsonFile != "" {
		if err := rep.Save(o.jsonFile); err != nil {
			return err
		}
	}
	if o.htmlFile != "" {
		return rep.SaveHTML(o.htmlFile)
	}
	return nil
}
