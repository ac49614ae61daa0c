//go:build linux

package main

import (
	"net"
	"time"
)

var setDeadlineScenario = scenario{
	key: "setdeadline", title: "SetReadDeadline alone", unit: "call",
	shows: "Goroutines set deadlines on connections of their own, nobody reads. Extend: each deadline later than the one " +
		"before; shorten: each earlier; set and clear: a deadline and then none, two calls.",
	points: []point{
		{Op: "extend", Conns: 1}, {Op: "extend", Conns: 8},
		{Op: "shorten", Conns: 1}, {Op: "shorten", Conns: 8},
		{Op: "set and clear", Conns: 1}, {Op: "set and clear", Conns: 8},
	},
	start:    startDeadlines,
	load:     func(srv *server, _ point) (loader, error) { return selfLoad{srv: srv}, nil },
	compared: []string{"per_second", "cpu"},
	others:   []string{"allocs"},
}

// deadlineOps make two calls each. i counts up; far is a time that does not come while the benchmark runs.
var deadlineOps = map[string]func(c net.Conn, far time.Time, i int) error{
	"extend": func(c net.Conn, _ time.Time, _ int) error {
		if err := c.SetReadDeadline(time.Now().Add(readLimit)); err != nil {
			return err
		}
		return c.SetReadDeadline(time.Now().Add(readLimit))
	},
	"shorten": func(c net.Conn, far time.Time, i int) error {
		far = far.Add(-time.Duration(2*i) * time.Microsecond)
		if err := c.SetReadDeadline(far); err != nil {
			return err
		}
		return c.SetReadDeadline(far.Add(-time.Microsecond))
	},
	"set and clear": func(c net.Conn, far time.Time, _ int) error {
		if err := c.SetReadDeadline(far); err != nil {
			return err
		}
		return c.SetReadDeadline(time.Time{})
	},
}

func startDeadlines(v variant, p point) (subject, error) {
	conns, peers, err := startConns(v.sockets(), p.Conns)
	if err != nil {
		return subject{}, err
	}
	op := deadlineOps[p.Op]
	return subject{work: func(d time.Duration, _ string) (int, error) {
		_ = peers // stay open
		return together(p.Conns, func(i int) (int, error) { return setFor(conns[i], d, op) })
	}}, nil
}

// setFor looks at the clock once in a while only: that is not what is measured.
func setFor(c net.Conn, d time.Duration, op func(net.Conn, time.Time, int) error) (int, error) {
	const batch = 100
	start := time.Now()
	far := start.Add(1000 * time.Hour)
	n := 0
	for time.Since(start) < d {
		for range batch {
			if err := op(c, far, n); err != nil {
				return 2 * n, err
			}
			n++
		}
	}
	return 2 * n, nil
}
