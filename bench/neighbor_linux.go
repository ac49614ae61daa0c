package main

import (
	"context"
	"net"
	"time"
)

var neighborScenario = scenario{
	key: "neighbor", title: "A quiet connection beside a handler that burns CPU", unit: "request",
	shows: "One handler computes for 5 ms of every 6; latency is that of the other connection, which sends a request every " +
		"millisecond or so. A processor is idle all the time: who waits, waits because nobody looks.",
	most:   2,
	points: []point{{Conns: 2, Size: 64, Burners: 1, Burn: 5 * time.Millisecond}},
	start: func(v variant, p point) (subject, error) {
		return serveWith(v.sockets(), func(c net.Conn) { echoAfter(c, p.Burn) })
	},
	load:     loadNeighbors,
	compared: []string{"p50", "p99"},
	others:   []string{"p99_9", "burns"},
}

// neighbors are two patient clients, one of which asks the handler to burn.
type neighbors struct{ quiet, burning patient }

func loadNeighbors(srv *server, p point) (loader, error) {
	quiet, err := newClient(srv.hello.Addr, 1, echoDialogue(max(p.Size, 8)))
	if err != nil {
		return nil, err
	}
	burning, err := newClient(srv.hello.Addr, 1, echoDialogue(max(p.Size, 8)))
	if err != nil {
		quiet.close()
		return nil, err
	}
	burning.conns[0].burns = true
	burning.conns[0].seq |= burnBit
	return neighbors{patient{quiet}, patient{burning}}, nil
}

func (n neighbors) close() {
	n.quiet.close()
	n.burning.close()
}

func (n neighbors) run(ctx context.Context, d time.Duration) (load, error) {
	type result struct {
		load load
		err  error
	}
	burning := make(chan result)
	go func() {
		l, err := n.burning.run(ctx, d)
		burning <- result{l, err}
	}()
	l, err := n.quiet.run(ctx, d)
	other := <-burning
	if err == nil {
		err = other.err
	}
	l.burns = other.load.burns
	return l, err
}
