package client

import (
	"context"
	"time"

	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// neighbors are two patient clients, one of which asks the handler to burn.
type neighbors struct{ quiet, burning patient }

// Neighbors has two patient clients of one connection each, one of which asks servers.BurnEcho to burn.
func Neighbors(srv *process.Server, p servers.Point) (Loader, error) {
	quiet, err := newClient(srv.Hello.Addr, 1, echoDialogue(max(p.Size, 8)))
	if err != nil {
		return nil, err
	}
	burning, err := newClient(srv.Hello.Addr, 1, echoDialogue(max(p.Size, 8)))
	if err != nil {
		quiet.Close()
		return nil, err
	}
	burning.conns[0].burns = true
	burning.conns[0].seq |= servers.BurnBit
	return neighbors{patient{quiet}, patient{burning}}, nil
}

func (n neighbors) Close() {
	n.quiet.Close()
	n.burning.Close()
}

func (n neighbors) Run(ctx context.Context, d time.Duration) (Load, error) {
	type result struct {
		load Load
		err  error
	}
	burning := make(chan result)
	go func() {
		l, err := n.burning.Run(ctx, d)
		burning <- result{l, err}
	}()
	l, err := n.quiet.Run(ctx, d)
	other := <-burning
	if err == nil {
		err = other.err
	}
	l.Burns = other.load.Burns
	return l, err
}
