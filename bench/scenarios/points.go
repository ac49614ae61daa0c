//go:build linux

package scenarios

import (
	"context"
	"fmt"
	"time"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// Override puts the wanted numbers of connections, sizes, or both in the place of a scenario's own.
func Override(points []servers.Point, conns, sizes []int) []servers.Point {
	replace := func(set func(*servers.Point) *int, wanted []int) {
		if len(wanted) == 0 {
			return
		}
		var changed []servers.Point
		seen := map[servers.Point]bool{}
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
	replace(func(p *servers.Point) *int { return &p.Conns }, conns)
	replace(func(p *servers.Point) *int { return &p.Size }, sizes)
	return points
}

// Calibrate turns the loads of points into rates, by what net does in a closed loop on this machine now.
func Calibrate(ctx context.Context, points []servers.Point, d time.Duration) ([]servers.Point, error) {
	var done []servers.Point
	for _, p := range points {
		if p.Load > 0 && len(done) > 0 && done[len(done)-1].Conns == p.Conns && done[len(done)-1].Size == p.Size {
			p.Rate = done[len(done)-1].Rate * p.Load / done[len(done)-1].Load
		} else if p.Load > 0 {
			var rates []float64
			for range 3 {
				at := servers.Cell{Scenario: echo.Key, Variant: servers.Baseline, Point: servers.Point{Conns: p.Conns, Size: p.Size}}
				r, err := Measure(ctx, at, d)
				if err != nil {
					return nil, fmt.Errorf("calibrating: %w", err)
				}
				rates = append(rates, r.PerSecond)
			}
			p.Rate = max(1, int(figures.New(rates).Median)*p.Load/100)
		}
		done = append(done, p)
	}
	return done, nil
}
