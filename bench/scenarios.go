//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// scenario is one kind of work. A run of it starts a process of its own, the subject, that does the work with one
// variant's sockets; this process loads it.
type scenario struct {
	key, title string
	shows      string // for readers of the report: what is done, and what can be learned from it
	unit       string // what is counted
	points     []point
	most       int // connections, whatever is asked for; 0 if any number will do

	// start begins the work in the subject. raw and cloudwego do the same for the variants that have no sockets of
	// package net's kind, and are nil where those cannot do it.
	start, raw, cloudwego starter

	// load prepares what this process does to the subject.
	load func(srv *server, p point) (loader, error)
	// measure replaces measureLoad in a scenario that has no load.
	measure func(ctx context.Context, at cell, s settings) (run, error)

	// compared are the metrics that are set beside net's, others those that are only shown.
	compared, others []string
}

// scenarios in the order in which they run. The first is the overview.
var scenarios = []scenario{
	echoScenario, deadlineScenario, timeoutScenario, openScenario, wakeScenario, burnScenario, neighborScenario,
	httpScenario, tlsScenario, udpScenario, acceptScenario, dialScenario, streamScenario, sendfileScenario, setDeadlineScenario, memoryScenario,
}

// point is one setting of a scenario; fields that say nothing in it are zero.
type point struct {
	Conns   int           `json:"conns,omitempty"`
	Size    int           `json:"size,omitempty"` // bytes of a request and of its reply, or of a write
	Op      string        `json:"op,omitempty"`
	Burners int           `json:"burners,omitempty"` // connections whose handlers burn CPU
	Burn    time.Duration `json:"burn_ns,omitempty"`
	Load    int           `json:"load_percent,omitempty"` // of the baseline's closed-loop throughput
	Rate    int           `json:"rate,omitempty"`         // which is so many requests a second
}

func (p point) String() string {
	var parts []string
	if p.Op != "" {
		parts = append(parts, p.Op)
	}
	if p.Conns > 0 {
		parts = append(parts, plural(p.Conns, "connection"))
	}
	if p.Size > 0 {
		parts = append(parts, byteSize(p.Size))
	}
	if p.Burners > 0 {
		parts = append(parts, fmt.Sprintf("%d burning %v a request", p.Burners, p.Burn))
	}
	if p.Load > 0 {
		parts = append(parts, fmt.Sprintf("%d %% load", p.Load))
	}
	if p.Rate > 0 {
		parts = append(parts, thousands(float64(p.Rate))+"/s")
	}
	return strings.Join(parts, ", ")
}

// cell is one square of a table: a variant at a point of a scenario.
type cell struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	point
}

func (c cell) String() string {
	return fmt.Sprintf("%s, %v, %s", c.Scenario, c.point, c.Variant)
}

// starter begins a scenario's work in the subject.
type starter func(v variant, p point) (subject, error)

// subject is work that has begun.
type subject struct {
	addr string // where it listens, if it does
	// work is set in a subject that needs no load from outside: it works for d, with the help of what listens at peer,
	// and counts.
	work func(d time.Duration, peer string) (int, error)
}

// starter returns how a variant does the scenario's work, or nil.
func (sc scenario) starter(v variant) starter {
	switch {
	case v.key == "raw":
		return sc.raw
	case v.key == "cloudwego":
		return sc.cloudwego
	}
	return sc.start
}

// variants returns which of the wanted variants can do the work.
func (sc scenario) variants(wanted []string) []string {
	var can []string
	for _, key := range wanted {
		if v, ok := variantByKey(key); ok && sc.starter(v) != nil {
			can = append(can, key)
		}
	}
	return can
}

func scenarioByKey(key string) (scenario, bool) {
	for _, sc := range scenarios {
		if sc.key == key {
			return sc, true
		}
	}
	return scenario{}, false
}

func scenarioKeys() []string {
	var keys []string
	for _, sc := range scenarios {
		keys = append(keys, sc.key)
	}
	return keys
}

// possible says why a point cannot be measured, or not here.
func (sc scenario) possible(p point) error {
	switch {
	case sc.most > 0 && p.Conns > sc.most:
		return fmt.Errorf("%s is for at most %d connections", sc.key, sc.most)
	case p.Burners > 0 && p.Burners >= p.Conns:
		return errors.New("no connection would be left to measure")
	}
	return raiseFileLimit(p.Conns)
}

// crossed returns a point for every number of connections with every size.
func crossed(conns, sizes []int) []point {
	var points []point
	for _, size := range sizes {
		for _, n := range conns {
			points = append(points, point{Conns: n, Size: size})
		}
	}
	return points
}

// override puts the wanted numbers of connections, sizes, or both in the place of a scenario's own.
func override(points []point, conns, sizes []int) []point {
	replace := func(set func(*point) *int, wanted []int) {
		if len(wanted) == 0 {
			return
		}
		var changed []point
		seen := map[point]bool{}
		for _, p := range points {
			for _, n := range wanted {
				if *set(&p) != 0 {
					*set(&p) = n
				}
				if !seen[p] {
					seen[p] = true
					changed = append(changed, p)
				}
			}
		}
		points = changed
	}
	replace(func(p *point) *int { return &p.Conns }, conns)
	replace(func(p *point) *int { return &p.Size }, sizes)
	return points
}
