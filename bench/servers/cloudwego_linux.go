//go:build amd64 || arm64

package servers

import (
	"context"

	"github.com/cloudwego/netpoll"
)

// CloudwegoEcho serves echo the way that library wants it: a callback that is called when there is something to read.
func CloudwegoEcho(Variant, Point) (Subject, error) {
	ln, err := netpoll.CreateListener("tcp", "127.0.0.1:0")
	if err != nil {
		return Subject{}, err
	}
	loop, err := netpoll.NewEventLoop(func(_ context.Context, c netpoll.Connection) error {
		return cloudwegoEcho(c)
	})
	if err != nil {
		return Subject{}, err
	}
	go loop.Serve(ln)
	return Subject{Addr: ln.Addr().String()}, nil
}

func cloudwegoEcho(c netpoll.Connection) error {
	in, out := c.Reader(), c.Writer()
	n := in.Len()
	request, err := in.Next(n)
	if err != nil {
		return err
	}
	reply, err := out.Malloc(n)
	if err != nil {
		return err
	}
	copy(reply, request)
	if err := in.Release(); err != nil {
		return err
	}
	return out.Flush()
}
