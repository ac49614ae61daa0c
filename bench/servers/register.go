//go:build linux

package servers

import (
	"fmt"
	"net"
	"os"
	"time"
)

// Register dials and closes in as many goroutines as the point has connections. Each has a Unix datagram socket of its own
// to dial, which costs the kernel little, so that much of what is left is to register and unregister.
func Register(v Variant, p Point) (Subject, error) {
	s := v.sockets()
	var open []any // as long as the subject works
	addrs := make([]string, p.Conns)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("@netpoller-bench-%d-%d", os.Getpid(), i)
		peer, err := net.ListenPacket("unixgram", addrs[i])
		if err != nil {
			return Subject{}, err
		}
		c, err := s.dial("unixgram", addrs[i]) // so that no reactor becomes idle
		if err != nil {
			return Subject{}, err
		}
		open = append(open, peer, c)
	}
	return Subject{Work: func(d time.Duration, _ string) (int, error) {
		_ = open
		return together(p.Conns, func(i int) (int, error) { return registerFor(s, d, addrs[i]) })
	}}, nil
}

func registerFor(s sockets, d time.Duration, addr string) (int, error) {
	n := 0
	for start := time.Now(); time.Since(start) < d; n++ {
		c, err := s.dial("unixgram", addr)
		if err != nil {
			return n, err
		}
		if err := c.Close(); err != nil {
			return n, err
		}
	}
	return n, nil
}
