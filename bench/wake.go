//go:build linux

package main

import (
	"context"
	"time"
)

var wakeScenario = scenario{
	key: "wake", title: "Waking an idle server", unit: "request",
	shows: "One connection, and 1 ms of silence before each request, so that all threads are asleep: latency is the way " +
		"from the kernel to a parked goroutine and back. Requests per second say nothing here.",
	points:    []point{{Conns: 1, Size: 64}},
	start:     serveEach(echo),
	raw:       startRaw(rawEcho),
	cloudwego: startCloudwego,
	load: func(srv *server, p point) (loader, error) {
		c, err := newClient(srv.hello.Addr, p.Conns, echoDialogue(p.Size))
		return patient{c}, err
	},
	compared: []string{"p50", "p99", "cpu"},
	others:   []string{"p99_9"},
}

const silence = time.Millisecond

// patient is a client that leaves the server alone before each request.
type patient struct{ *client }

func (c patient) run(ctx context.Context, d time.Duration) (load, error) {
	l := load{latency: newHistogram()}
	cpu, start := processCPU(), c.now()
	for c.now()-start < d || l.requests+l.burns == 0 {
		time.Sleep(silence)
		if err := c.closedLoop(ctx, 0, &l); err != nil {
			return l, err
		}
	}
	l.elapsed, l.cpu = c.now()-start, processCPU()-cpu
	return l, nil
}
