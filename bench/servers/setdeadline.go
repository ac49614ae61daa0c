//go:build linux

package servers

import (
	"net"
	"time"
)

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

// SetDeadlines sets deadlines on connections that nobody reads; the Op of the point says which.
func SetDeadlines(v Variant, p Point) (Subject, error) {
	conns, peers, err := startConns(v.sockets(), p.Conns)
	if err != nil {
		return Subject{}, err
	}
	op := deadlineOps[p.Op]
	return Subject{Work: func(d time.Duration, _ string) (int, error) {
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
