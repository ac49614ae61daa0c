//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// bench measures, then prints and saves.
func bench(ctx context.Context, s settings) error {
	if s.recorded != "" {
		rep, err := loadReport(s.recorded)
		if err != nil {
			return err
		}
		return rep.saveHTML(s.htmlFile)
	}
	rep := &report{Machine: describeMachine(), Settings: s}
	fmt.Println(rep.Machine)
	groups, err := rep.plan(ctx, s)
	if err != nil {
		return err
	}
	counting, note := chooseCounter(s.Syscalls)
	rep.CountedBy = note

	prog := newProgress(os.Stderr, steps(groups, s.Rounds, counting != nil))
	defer prog.finish()
	for round := range s.Rounds {
		for _, at := range roundOrder(groups, round) {
			prog.step(fmt.Sprintf("round %d/%d, %v", round+1, s.Rounds, at))
			r, err := measure(ctx, at, s)
			if err != nil {
				return fmt.Errorf("%v: %w", at, err)
			}
			r.Round = round
			rep.Runs = append(rep.Runs, r)
		}
	}
	if counting != nil {
		if err := rep.countAll(ctx, groups, counting, prog); err != nil {
			return err
		}
	}
	prog.finish()
	rep.summarize()
	rep.print(os.Stdout)
	if s.jsonFile != "" {
		if err := rep.save(s.jsonFile); err != nil {
			return err
		}
	}
	if s.htmlFile != "" {
		return rep.saveHTML(s.htmlFile)
	}
	return nil
}

// A group is the cells that are compared with each other: the variants at one point.
type group []cell

// plan lists what is to be measured, and notes what cannot be.
func (rep *report) plan(ctx context.Context, s settings) ([]group, error) {
	var groups []group
	for _, key := range s.Scenarios {
		sc, _ := scenarioByKey(key)
		var points []point
		for _, p := range override(sc.points, s.Conns, s.Sizes) {
			if err := sc.possible(p); err != nil {
				rep.Skipped = append(rep.Skipped, skipped{key, p, err.Error()})
				continue
			}
			points = append(points, p)
		}
		points, err := calibrate(ctx, points, s.Duration)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			var g group
			for _, v := range sc.variants(s.Variants) {
				g = append(g, cell{key, v, p})
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
	sc, _ := scenarioByKey(g[0].Scenario)
	return sc.measure == nil
}

// roundOrder lists the cells of a round. Variants that are compared with each other run one right after the other, and
// each round begins with another one.
func roundOrder(groups []group, round int) []cell {
	var order []cell
	for _, g := range groups {
		for i := range g {
			order = append(order, g[(i+round)%len(g)])
		}
	}
	return order
}

// countAll makes the separate counting run of every cell.
func (rep *report) countAll(ctx context.Context, groups []group, counting newCounter, prog *progress) error {
	for _, g := range groups {
		if !countable(g) {
			continue
		}
		for _, at := range g {
			prog.step(fmt.Sprintf("counting system calls, %v", at))
			calls, err := countRun(ctx, at, counting)
			if errors.Is(err, errCountingRefused) {
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
