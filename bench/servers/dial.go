//go:build linux

package servers

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Dial dials and closes with a reset, in as many goroutines as the point has connections.
func Dial(v Variant, p Point) (Subject, error) {
	s := v.sockets()
	return Subject{Work: func(d time.Duration, peer string) (int, error) {
		return together(p.Conns, func(int) (int, error) { return dialFor(s, d, peer) })
	}}, nil
}

func dialFor(s sockets, d time.Duration, peer string) (int, error) {
	n := 0
	for start := time.Now(); time.Since(start) < d; n++ {
		c, err := s.dial("tcp", peer)
		if err != nil {
			return n, err
		}
		if err := c.(interface{ SetLinger(int) error }).SetLinger(0); err != nil {
			return n, err
		}
		if err := c.Close(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// together runs n goroutines and adds up what they count.
func together(n int, work func(i int) (int, error)) (total int, err error) {
	counts, errs := make([]int, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { counts[i], errs[i] = work(i) })
	}
	wg.Wait()
	for _, count := range counts {
		total += count
	}
	return total, errors.Join(errs...)
}

// startConns gives a subject n connections of v's, with nothing at the other ends.
func startConns(s sockets, n int) (conns, peers []net.Conn, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	for range n {
		c, err := s.dial("tcp", ln.Addr().String())
		if err != nil {
			return nil, nil, err
		}
		peer, err := ln.Accept()
		if err != nil {
			return nil, nil, err
		}
		conns, peers = append(conns, c), append(peers, peer)
	}
	return conns, peers, nil
}
