package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

var dialScenario = scenario{
	key: "dial", title: "Dial and close", unit: "connection",
	shows: "The subject is the client here: so many goroutines dial and close with a reset. The listener is a bare loop " +
		"in the benchmark's own process.",
	points:   []point{{Conns: 1}, {Conns: 64}},
	start:    startDialing,
	load:     func(srv *server, _ point) (loader, error) { return newSink(srv) },
	compared: []string{"per_second", "cpu"},
	others:   []string{"allocs"},
}

// selfLoad is for a subject that loads itself.
type selfLoad struct {
	srv  *server
	peer string
}

func (selfLoad) close() {}

func (s selfLoad) run(ctx context.Context, d time.Duration) (load, error) {
	if err := ctx.Err(); err != nil {
		return load{}, err
	}
	cpu := processCPU()
	w, err := s.srv.work(d, s.peer)
	return load{requests: w.Count, elapsed: w.Elapsed, cpu: processCPU() - cpu}, err
}

func startDialing(v variant, p point) (subject, error) {
	s := v.sockets()
	return subject{work: func(d time.Duration, peer string) (int, error) {
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

// sink accepts connections on a thread of its own.
type sink struct {
	selfLoad
	ln    int
	ended chan struct{}
}

func newSink(srv *server) (*sink, error) {
	ln, port, err := rawListen()
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(ln, false); err != nil {
		return nil, err
	}
	s := &sink{selfLoad{srv, fmt.Sprintf("127.0.0.1:%d", port)}, ln, make(chan struct{})}
	go s.accept()
	return s, nil
}

// accept keeps the last connections for a while: one that it closed at once could be dead before Dial has looked at it.
func (s *sink) accept() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	var last [1024]int
	for i := range last {
		last[i] = -1
	}
	defer func() {
		for _, fd := range last {
			unix.Close(fd)
		}
	}()
	for i := 0; ; i = (i + 1) % len(last) {
		fd, _, err := unix.Accept4(s.ln, unix.SOCK_CLOEXEC)
		if err == unix.EINTR || err == unix.ECONNABORTED {
			continue
		}
		if err != nil {
			return // shut down
		}
		unix.Close(last[i])
		last[i] = fd
	}
}

func (s *sink) close() {
	unix.Shutdown(s.ln, unix.SHUT_RDWR)
	<-s.ended
	unix.Close(s.ln)
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
