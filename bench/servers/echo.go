//go:build linux

package servers

import (
	"net"
	"time"
)

const (
	readLimit = 30 * time.Second
	// BufferSize is what every variant reads into: larger than the usual request, as in real servers.
	BufferSize = 4096
)

// Echo reads what there is, and writes it back.
func Echo(v Variant, _ Point) (Subject, error) { return serveWith(v.sockets(), echo) }

// DeadlineEcho is Echo with a deadline set before each Read.
func DeadlineEcho(v Variant, _ Point) (Subject, error) {
	return serveWith(v.sockets(), func(c net.Conn) { echo(limitedConn{c, readLimit}) })
}

// TimeoutEcho is Echo with a limit for each Read, as the variant's package has it.
func TimeoutEcho(v Variant, _ Point) (Subject, error) {
	s := v.sockets()
	return serveWith(s, func(c net.Conn) { echo(s.limitReads(c, readLimit)) })
}

// serveWith is a server as most programs write it: a goroutine per connection.
func serveWith(s sockets, handle func(net.Conn)) (Subject, error) {
	ln, err := s.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Subject{}, err
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return Subject{Addr: ln.Addr().String()}, nil
}

func echo(c net.Conn) {
	defer c.Close()
	for buf := make([]byte, BufferSize); answer(c, buf) == nil; {
	}
}

// OneShot echoes what the first Read returns and closes.
func OneShot(v Variant, _ Point) (Subject, error) {
	return serveWith(v.sockets(), func(c net.Conn) {
		defer c.Close()
		_ = answer(c, make([]byte, BufferSize))
	})
}

// answer echoes what one Read returns.
func answer(c net.Conn, buf []byte) error {
	n, err := c.Read(buf)
	if err != nil {
		return err
	}
	_, err = c.Write(buf[:n])
	return err
}
