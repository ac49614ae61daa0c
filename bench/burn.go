//go:build linux

package main

import (
	"net"
	"time"
)

var burnScenario = scenario{
	key: "burn", title: "Echo beside handlers that burn CPU", unit: "request",
	shows: "On some connections the handler computes before it answers; latency is that of the others. It asks whether " +
		"readiness waits for running handlers. The burning handlers' rate is shown too, since others look good if those starve.",
	points: []point{
		{Conns: 64, Size: 64, Burners: 16, Burn: 50 * time.Microsecond},
		{Conns: 64, Size: 64, Burners: 1, Burn: 5 * time.Millisecond},
		{Conns: 64, Size: 64, Burners: 4, Burn: 5 * time.Millisecond},
	},
	start: func(v variant, p point) (subject, error) {
		return serveWith(v.sockets(), func(c net.Conn) { echoAfter(c, p.Burn) })
	},
	load:     loadBurning,
	compared: []string{"per_second", "p99"},
	others:   []string{"p50", "p99_9", "burns"},
}

// burnBit in the number of a request asks the handler to burn; it is the top bit of the eighth byte.
const burnBit = 1 << 63

func loadBurning(srv *server, p point) (loader, error) {
	c, err := newClient(srv.hello.Addr, p.Conns, echoDialogue(max(p.Size, 8)))
	if err != nil {
		return nil, err
	}
	for i := range p.Burners {
		c.conns[i].burns = true
		c.conns[i].seq |= burnBit
	}
	return c, nil
}

func echoAfter(c net.Conn, burn time.Duration) {
	defer c.Close()
	buf := make([]byte, bufferSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if n >= 8 && buf[7]&0x80 != 0 {
			for start := time.Now(); time.Since(start) < burn; {
			}
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
