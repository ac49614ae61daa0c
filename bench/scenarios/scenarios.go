//go:build linux

package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// Scenario is one kind of work. A run of it starts a process of its own, the subject, that does the work with one variant's
// sockets; this process loads it.
type Scenario struct {
	Key, Title string
	Shows      string // for readers of the report: what is done, and what can be learned from it
	Unit       string // what is counted
	Points     []servers.Point
	most       int // connections, whatever is asked for; 0 if any number will do

	// start begins the work in the subject. own does the same for the variants that have no sockets of package net's
	// kind, by their keys; one that is not there cannot do it.
	start servers.Starter
	own   map[string]servers.Starter

	// load prepares what this process does to the subject.
	load measure.Prepare
	// measure takes the place of load in a scenario that measures in a way of its own.
	measure func(ctx context.Context, at servers.Cell) (measure.Run, error)

	// Compared are the metrics that are set beside net's, Others those that are only shown.
	Compared, Others []string
}

// ByKey finds the scenario with a key.
func ByKey(key string) (Scenario, bool) {
	for _, sc := range All {
		if sc.Key == key {
			return sc, true
		}
	}
	return Scenario{}, false
}

// Keys are the keys of all scenarios.
func Keys() []string {
	var keys []string
	for _, sc := range All {
		keys = append(keys, sc.Key)
	}
	return keys
}

// Start begins a cell's work in this process.
func Start(at servers.Cell) (servers.Subject, error) {
	sc, known := ByKey(at.Scenario)
	v, ok := servers.VariantByKey(at.Variant)
	if !known || !ok || sc.starter(v) == nil {
		return servers.Subject{}, fmt.Errorf("there is no %s with %s", at.Scenario, at.Variant)
	}
	return sc.starter(v)(v, at.Point)
}

// starter returns how a variant does the scenario's work, or nil.
func (sc Scenario) starter(v servers.Variant) servers.Starter {
	if v.HasSockets() {
		return sc.start
	}
	return sc.own[v.Key]
}

// Variants returns which of the wanted variants can do the work.
func (sc Scenario) Variants(wanted []string) []string {
	var can []string
	for _, key := range wanted {
		if v, ok := servers.VariantByKey(key); ok && sc.starter(v) != nil {
			can = append(can, key)
		}
	}
	return can
}

// HasLoad reports whether this process loads the subject, so that requests and their system calls mean something.
func (sc Scenario) HasLoad() bool { return sc.load != nil }

// Measure runs one cell, for d, against a server of its own.
func Measure(ctx context.Context, at servers.Cell, d time.Duration) (measure.Run, error) {
	sc, ok := ByKey(at.Scenario)
	switch {
	case !ok:
		return measure.Run{}, fmt.Errorf("there is no scenario %q", at.Scenario)
	case !sc.HasLoad():
		return sc.measure(ctx, at)
	}
	return measure.One(ctx, at, sc.load, sc.Unit, d)
}

// CountCalls runs one cell with system calls counted.
func CountCalls(ctx context.Context, at servers.Cell, counting counting.New) (measure.Calls, error) {
	sc, ok := ByKey(at.Scenario)
	if !ok {
		return measure.Calls{}, fmt.Errorf("there is no scenario %q", at.Scenario)
	}
	return measure.CountCalls(ctx, at, sc.load, counting)
}

// Possible says why a point cannot be measured, or not here.
func (sc Scenario) Possible(p servers.Point) error {
	switch {
	case sc.most > 0 && p.Conns > sc.most:
		return fmt.Errorf("%s is for at most %d connections", sc.Key, sc.most)
	case p.Burners > 0 && p.Burners >= p.Conns:
		return errors.New("no connection would be left to measure")
	}
	return raiseFileLimit(p.Conns)
}

// raiseFileLimit makes room for the descriptors of conns connections, here and, by inheritance, in the servers.
func raiseFileLimit(conns int) error {
	need := uint64(conns) + 100 // standard streams, pipes, epoll, the runtime's own
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	if limit.Cur >= need {
		return nil
	}
	hard := limit.Max
	limit.Cur = max(need, hard)
	limit.Max = limit.Cur // which takes privileges if it is more than before
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil && need > hard {
		return fmt.Errorf("%d connections need %d open files, the hard limit is %d (see ulimit -Hn)", conns, need, hard)
	} else if err != nil {
		return fmt.Errorf("setrlimit: %w", err)
	}
	return nil
}
