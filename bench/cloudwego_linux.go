//go:build amd64 || arm64

package main

import (
	"context"

	"github.com/cloudwego/netpoll"
)

// startCloudwego serves echo the way that library wants it: a callback that is called when there is something to read.
func startCloudwego(variant, point) (subject, error) {
	ln, err := netpoll.CreateListener("tcp", "127.0.0.1:0")
	if err != nil {
		return subject{}, err
	}
	loop, err := netpoll.NewEventLoop(func(_ context.Context, c netpoll.Connection) error {
		return cloudwegoEcho(c)
	})
	if err != nil {
		return subject{}, err
	}
	go loop.Serve(ln)
	return subject{addr: ln.Addr().String()}, nil
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
