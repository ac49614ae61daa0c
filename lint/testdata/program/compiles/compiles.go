// Package compiles has the same types, and compiles after the swap.
package compiles

import (
	"crypto/tls"
	"io"
	"net" // want `net.DialTCP, net.Dialer and net.Listen stay on net`
	"net/http"

	"example.com/dep"
)

func calls(l *net.TCPListener, c *net.TCPConn, r *net.Resolver, b net.Buffers) {
	tls.Client(c, nil)
	tls.NewListener(l, nil)
	http.Serve(l, nil)
	io.Copy(c, c)
	dep.On(c)
	dep.WriteAll(b)
	dep.Serve(nil)
	dep.Keep(c, c)
	_ = http.Transport{DialContext: (&net.Dialer{Resolver: r, Control: nil}).DialContext}
	_ = dep.Handler{Handle: nil}
	var conn net.Conn = c
	_, _ = conn.(*net.TCPConn)
	_ = conn.RemoteAddr().(*net.TCPAddr)
	_ = net.OpError{Addr: new(net.UDPAddr)}
	var err error = net.ErrClosed
	_, _ = err.(net.Error)
	_ = [][]byte(b)
}

func results() error {
	c, err := dep.Open() // want `dep.Open stays on net`
	c.SetNoDelay(true)
	var conn net.Conn = c
	conn.Close()
	own, _ := net.DialTCP("tcp", nil, nil)
	var f interface{ File() } = nil
	_, _ = f, own
	l, _ := net.Listen("tcp", "")
	_, _ = l.(interface{ AcceptTCP() (*net.TCPConn, error) })
	return err
}
