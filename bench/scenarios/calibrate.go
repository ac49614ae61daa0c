//go:build linux

package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// Calibration is how the rates of an open loop were found.
type Calibration struct {
	Conns  int     `json:"conns"`
	Size   int     `json:"size"`
	Closed float64 `json:"closed_loop_per_second"` // of the baseline
	// Top is the highest rate at which the client keeps its bounds, beside the baseline's server.
	Top        int     `json:"top_rate"`
	ClientBusy float64 `json:"client_busy"` // at the top rate
	Late       float64 `json:"client_late_p99_us"`
}

const (
	// mostLoad is the share of the closed loop's rate that is tried first: near 1 a queue would grow with time.
	mostLoad = 0.8
	// mostBusy is somewhat below measure.MostBusy, since rounds differ.
	mostBusy = 0.85 * measure.MostBusy
	// leastRate is where the search gives up.
	leastRate = 500
)

// ErrNoOpenLoop is why the open loop is left out, on a machine that cannot run its client.
var ErrNoOpenLoop = errors.New("this machine cannot run the client of an open loop, which needs a processor of its own")

// Calibrate finds the highest rate for p at which the client of the open loop keeps its bounds, on this machine now.
func Calibrate(ctx context.Context, p servers.Point, d time.Duration) (Calibration, error) {
	c := Calibration{Conns: p.Conns, Size: p.Size}
	at := servers.Cell{Scenario: echo.Key, Variant: servers.Baseline, Point: servers.Point{Conns: p.Conns, Size: p.Size}}
	var rates []float64
	for range 3 {
		r, err := Measure(ctx, at, d)
		if err != nil {
			return c, fmt.Errorf("calibrating: %w", err)
		}
		rates = append(rates, r.PerSecond)
	}
	c.Closed = figures.New(rates).Median
	at.Scenario = open.Key
	return c, c.search(func(rate int) (measure.Run, error) {
		at.Rate = rate
		return Measure(ctx, at, d)
	})
}

// search lowers the rate until a run of the open loop is valid, with something to spare. A late client gets another chance,
// since it may be the machine's doing; a busy one does not.
func (c *Calibration) search(try func(rate int) (measure.Run, error)) error {
	var r measure.Run
	for rate := int(c.Closed * mostLoad); rate >= leastRate; rate = rate * 3 / 4 {
		for range measure.Attempts {
			var err error
			if r, err = try(rate); err != nil {
				return fmt.Errorf("calibrating: %w", err)
			}
			if r.ClientBusy > mostBusy {
				break
			}
			if r.Invalid() == "" {
				c.Top, c.ClientBusy, c.Late = rate, r.ClientBusy, r.Late
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s at %d/s", ErrNoOpenLoop, r.Invalid(), r.Rate)
}

// RateOf is the rate that makes so many percent of the highest.
func (c Calibration) RateOf(load int) int { return max(1, c.Top*load/100) }
