// Package user uses one that the swap changes.
package user

import (
	"net"

	"example.com/dep"
	"example.com/program/api"
)

func compiles(c *net.TCPConn, l *net.TCPListener) {
	api.Handle(c)
	s := api.Server[int]{Listener: l}
	c, _ = s.Accept()
	c, _ = api.Open()
}

func breaks(s *api.Server[net.IP]) {
	dep.Serve(s.Listener)                // want `does not compile once net is netpoller: .* in argument to dep.Serve; `
	new(dep.Handler).Handle = api.Handle // want `does not compile once net is netpoller: `
}
