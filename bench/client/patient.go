//go:build linux

package client

import (
	"context"
	"time"

	"github.com/a57b2d82/netpoller/bench/counting"
)

const silence = time.Millisecond

// patient is a client that leaves the server alone before each request.
type patient struct{ *client }

func (c patient) Run(ctx context.Context, d time.Duration) (Load, error) {
	l := Load{Latency: newHistogram()}
	cpu, start := counting.ProcessCPU(), c.now()
	for c.now()-start < d || l.Requests+l.Burns == 0 {
		time.Sleep(silence)
		if err := c.closedLoop(ctx, 0, &l); err != nil {
			return l, err
		}
	}
	l.Elapsed, l.CPU = c.now()-start, counting.ProcessCPU()-cpu
	return l, nil
}
