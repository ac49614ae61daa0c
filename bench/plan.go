//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/scenarios"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// fill measures what the report's settings ask for, by rounds, and then counts system calls.
func fill(ctx context.Context, rep *report.Report) error {
	s := rep.Settings
	groups, err := plan(ctx, rep)
	if err != nil {
		return err
	}
	counting, note := counting.Choose(s.Syscalls)
	rep.CountedBy = note

	prog := newProgress(os.Stderr, steps(groups, s.Rounds, counting != nil))
	defer prog.finish()
	for round := range s.Rounds {
		for _, at := range roundOrder(groups, round) {
			prog.step(fmt.Sprintf("round %d/%d, %v", round+1, s.Rounds, at))
			runs, err := measureValid(func() (measure.Run, error) { return scenarios.Measure(ctx, at, s.Duration) })
			if err != nil {
				return fmt.Errorf("%v: %w", at, err)
			}
			for _, r := range runs {
				r.Round = round
				rep.Runs = append(rep.Runs, r)
			}
		}
	}
	if counting == nil {
		return nil
	}
	return countAll(ctx, rep, groups, counting, prog)
}

// measureValid repeats a run that is invalid. All of them are returned; at most the last is valid.
func measureValid(measureOne func() (measure.Run, error)) (runs []measure.Run, err error) {
	for range measure.Attempts {
		r, err := measureOne()
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
		if r.Invalid() == "" {
			break
		}
	}
	return runs, nil
}

// A group is the cells that are compared with each other: the variants at one point.
type group []servers.Cell

// plan lists what is to be measured, and notes in the report what cannot be.
func plan(ctx context.Context, rep *report.Report) ([]group, error) {
	s := rep.Settings
	var groups []group
	for _, key := range s.Scenarios {
		sc, _ := scenarios.ByKey(key)
		var points []servers.Point
		for _, p := range scenarios.Override(sc.Points, s.Conns, s.Sizes) {
			if err := sc.Possible(p); err != nil {
				rep.Skipped = append(rep.Skipped, report.Skipped{Scenario: key, Point: p, Reason: err.Error()})
				continue
			}
			if err := setRate(ctx, rep, &p); errors.Is(err, scenarios.ErrNoOpenLoop) {
				rep.Skipped = append(rep.Skipped, report.Skipped{Scenario: key, Point: p, Reason: err.Error()})
				continue
			} else if err != nil {
				return nil, err
			}
			points = append(points, p)
		}
		for _, p := range points {
			var g group
			for _, v := range sc.Variants(s.Variants) {
				g = append(g, servers.Cell{Scenario: key, Variant: v, Point: p})
			}
			if len(g) > 0 {
				groups = append(groups, g)
			}
		}
	}
	if len(groups) == 0 && len(rep.Skipped) > 0 {
		return nil, errors.New(rep.Skipped[0].Reason)
	}
	if len(groups) == 0 {
		return nil, errors.New("none of these variants can do what these scenarios ask for")
	}
	return groups, nil
}

// setRate gives a point of the open loop its rate. Points that differ in nothing but their load share a calibration.
func setRate(ctx context.Context, rep *report.Report, p *servers.Point) error {
	if p.Load == 0 {
		return nil
	}
	for _, c := range rep.Calibrations {
		if c.Conns == p.Conns && c.Size == p.Size {
			p.Rate = c.RateOf(p.Load)
			return nil
		}
	}
	c, err := scenarios.Calibrate(ctx, *p, rep.Settings.Duration)
	if err != nil {
		return err
	}
	rep.Calibrations = append(rep.Calibrations, c)
	p.Rate = c.RateOf(p.Load)
	return nil
}

func steps(groups []group, rounds int, counting bool) int {
	n := 0
	for _, g := range groups {
		n += rounds * len(g)
		if counting && countable(g) {
			n += len(g)
		}
	}
	return n
}

// countable reports whether the group's work has a number of system calls that means something.
func countable(g group) bool {
	sc, _ := scenarios.ByKey(g[0].Scenario)
	return sc.HasLoad()
}

// roundOrder lists the cells of a round. Variants that are compared with each other run one right after the other, and
// each round begins with another one.
func roundOrder(groups []group, round int) []servers.Cell {
	var order []servers.Cell
	for _, g := range groups {
		for i := range g {
			order = append(order, g[(i+round)%len(g)])
		}
	}
	return order
}

// countAll makes the separate counting run of every cell.
func countAll(ctx context.Context, rep *report.Report, groups []group, count counting.New, prog *progress) error {
	for _, g := range groups {
		if !countable(g) {
			continue
		}
		for _, at := range g {
			prog.step(fmt.Sprintf("counting system calls, %v", at))
			calls, err := scenarios.CountCalls(ctx, at, count)
			if errors.Is(err, counting.ErrRefused) {
				rep.CountedBy = "n/a: " + err.Error()
				return nil
			}
			if err != nil {
				return fmt.Errorf("counting system calls, %v: %w", at, err)
			}
			rep.Calls = append(rep.Calls, calls)
		}
	}
	return nil
}
