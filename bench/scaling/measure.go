//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// A run is one measurement. Reactors is zero for package net.
type run struct {
	Work       string  `json:"work"`
	Procs      int     `json:"procs"`
	Reactors   int     `json:"reactors,omitempty"`
	Round      int     `json:"round"`
	Shared     bool    `json:"shared,omitempty"` // the client ran on the subject's processors too
	Count      int     `json:"count"`
	PerSecond  float64 `json:"per_second"`
	CPU        float64 `json:"cpu_ns"`       // of the subject, for each unit
	LockWait   float64 `json:"lock_wait_ns"` // for each unit
	ClientBusy float64 `json:"client_busy,omitempty"`
	Reactor    float64 `json:"reactor_ns,omitempty"` // processor time of the reactors for each unit, if it was profiled
}

// measure runs one cell for d.
func measure(ctx context.Context, at servers.Cell, d time.Duration) (run, error) {
	w, _ := workByKey(at.Scenario)
	ours, theirs, shared := divide(processors(), at.Procs)
	srv, err := startOn(ctx, ours, at)
	if err != nil {
		return run{}, err
	}
	defer srv.Stop()
	load := client.Loader(selfLoad{srv})
	if w.load != nil {
		if load, err = newClients(srv, w, at.Point, theirs); err != nil {
			return run{}, err
		}
	}
	defer load.Close()
	if _, err := load.Run(ctx, warmUp); err != nil {
		return run{}, err
	}
	if _, err := srv.Snapshot(); err != nil { // allocates what encoding sets up once
		return run{}, err
	}
	before, err := srv.Snapshot()
	if err != nil {
		return run{}, err
	}
	reactors := lookAt(srv, at, d)
	l, err := load.Run(ctx, d)
	reactor := <-reactors
	if err = errors.Join(err, reactor.err); err != nil {
		return run{}, err
	}
	after, err := srv.Snapshot()
	if err != nil || l.Requests == 0 {
		return run{}, errors.Join(err, fmt.Errorf("%d of %ss in %v", l.Requests, w.unit, d))
	}
	r := newRun(at, l, before, after)
	r.Shared = shared && w.load != nil
	r.Reactor = reactor.share / r.PerSecond * 1e9
	return r, nil
}

func newRun(at servers.Cell, l client.Load, before, after process.Snapshot) run {
	per := 1 / float64(l.Requests)
	return run{
		Work: at.Scenario, Procs: at.Procs, Reactors: at.Reactors, Count: l.Requests,
		PerSecond:  float64(l.Requests) / l.Elapsed.Seconds(),
		CPU:        float64(after.User+after.System-before.User-before.System) * per,
		LockWait:   (after.LockWait - before.LockWait) * 1e9 * per,
		ClientBusy: l.CPU.Seconds() / l.Elapsed.Seconds(),
	}
}

// reactorShare is how many processors the reactors of a subject kept busy.
type reactorShare struct {
	share float64
	err   error
}

// lookAt has a subject look at its reactors for d, if that is its work.
func lookAt(srv *process.Server, at servers.Cell, d time.Duration) <-chan reactorShare {
	found := make(chan reactorShare, 1)
	if at.Scenario != profiled {
		found <- reactorShare{}
		return found
	}
	go func() {
		n, elapsed, err := srv.Work(d, "")
		found <- reactorShare{float64(n) / float64(elapsed), err}
	}()
	return found
}

// selfLoad is for subjects that work by themselves.
type selfLoad struct{ srv *process.Server }

func (selfLoad) Close() {}

func (s selfLoad) Run(_ context.Context, d time.Duration) (client.Load, error) {
	n, elapsed, err := s.srv.Work(d, "")
	return client.Load{Requests: n, Elapsed: elapsed}, err
}

// clients load a subject from a thread for each of its processors.
type clients struct {
	loaders []client.Loader
	on      []int
}

func newClients(srv *process.Server, w work, p servers.Point, on []int) (*clients, error) {
	c := &clients{on: on}
	for i := range p.Procs {
		one := p
		one.Conns = w.conns
		l, err := w.load(addrOf(srv, i), one)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.loaders = append(c.loaders, l)
	}
	return c, nil
}

func (c *clients) Close() {
	for _, l := range c.loaders {
		l.Close()
	}
}

func (c *clients) Run(ctx context.Context, d time.Duration) (client.Load, error) {
	var sum client.Load
	loads, errs := make([]client.Load, len(c.loaders)), make([]error, len(c.loaders))
	cpu := counting.ProcessCPU()
	var wg sync.WaitGroup
	for i, l := range c.loaders {
		wg.Go(func() {
			runtime.LockOSThread() // which nobody unlocks: the thread ends with the goroutine
			if errs[i] = pin(c.on); errs[i] == nil {
				loads[i], errs[i] = l.Run(ctx, d)
			}
		})
	}
	wg.Wait()
	for _, l := range loads {
		sum.Requests += l.Requests
		sum.Elapsed = max(sum.Elapsed, l.Elapsed)
	}
	sum.CPU = counting.ProcessCPU() - cpu
	return sum, errors.Join(errs...)
}

// processors are those that this process may use.
var processors = sync.OnceValue(func() []int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		panic(err) // cannot fail with these arguments
	}
	var list []int
	for i := 0; len(list) < set.Count(); i++ {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list
})

// divide gives the subject n processors and the client n others. If there are not so many, the client may use all.
func divide(all []int, n int) (subject, client []int, shared bool) {
	if 2*n <= len(all) {
		return all[:n], all[n : 2*n], false
	}
	return all[:n], all, true
}

// startOn starts a subject that is confined to some processors, as the thread is that starts it.
func startOn(ctx context.Context, on []int, at servers.Cell) (*process.Server, error) {
	if err := pin(on); err != nil {
		return nil, err
	}
	srv, err := process.Start(ctx, at, nil)
	return srv, errors.Join(err, pin(processors()))
}

// pin confines this thread.
func pin(on []int) error {
	var set unix.CPUSet
	for _, i := range on {
		set.Set(i)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	return nil
}
