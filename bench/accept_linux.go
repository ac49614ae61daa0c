package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

var acceptScenario = scenario{
	key: "accept", title: "Accept and close", unit: "connection",
	shows: "The server accepts and closes at once; the client keeps so many connections under way, each from connect to " +
		"the end of the stream. It shows what a connection costs that does nothing: accept, registration, close.",
	points:   []point{{Conns: 1}, {Conns: 64}},
	start:    serveEach(func(c net.Conn) { c.Close() }),
	raw:      startRawAccept,
	load:     func(srv *server, p point) (loader, error) { return newChurn(srv.hello.Addr, p.Conns), nil },
	compared: echoScenario.compared,
	others:   echoScenario.others,
}

// churn makes connections and waits for the server to close them, so many at a time.
type churn struct {
	addr  string
	conns int
}

func newChurn(addr string, conns int) churn { return churn{addr, conns} }

func (churn) close() {}

// run uses a client for its epoll instance and its patience; its connections live for one reply of no bytes.
func (c churn) run(ctx context.Context, d time.Duration) (load, error) {
	l := load{latency: newHistogram()}
	cl, err := newClient(c.addr, 0, &dialogue{units: 1})
	if err != nil {
		return l, err
	}
	defer cl.close()
	cl.events = make([]unix.EpollEvent, c.conns)
	cl.conns = make([]clientConn, c.conns)
	for i := range cl.conns {
		cl.conns[i].fd = -1
	}
	cpu, start := processCPU(), cl.now()
	for i := range cl.conns {
		if err := c.next(cl, i); err != nil {
			return l, err
		}
	}
	for last, under := start, c.conns; under > 0; {
		n, err := cl.wait(ctx, last, under)
		if err != nil {
			return l, err
		}
		for _, ev := range cl.events[:n] {
			i := int(ev.Fd)
			if ended, err := hasEnded(cl.conns[i].fd); err != nil {
				return l, err
			} else if !ended {
				continue
			}
			last = cl.now()
			if err := l.record(last-cl.conns[i].sent, 1); err != nil {
				return l, err
			}
			unix.Close(cl.conns[i].fd)
			cl.conns[i].fd = -1
			if last-start >= d {
				under--
			} else if err := c.next(cl, i); err != nil {
				return l, err
			}
		}
	}
	l.elapsed, l.cpu = cl.now()-start, processCPU()-cpu
	return l, nil
}

// wave makes as many connections as may be under way.
func (c churn) wave(ctx context.Context) (load, error) { return c.run(ctx, 0) }

// next makes the i-th connection anew.
func (c churn) next(cl *client, i int) error {
	sent := cl.now()
	fd, err := connect("tcp", "", c.addr)
	if err != nil {
		return err
	}
	cl.conns[i] = clientConn{fd: fd, sent: sent}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | edgeTriggered, Fd: int32(i)}
	if err := unix.EpollCtl(cl.epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// hasEnded reports whether the server has closed the connection.
func hasEnded(fd int) (bool, error) {
	var p [1]byte
	n, errno := rawRead(fd, p[:])
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return false, nil
	case errno == unix.ECONNRESET || errno == 0 && n == 0:
		return true, nil
	case errno != 0:
		return false, fmt.Errorf("read: %w", errno)
	}
	return false, fmt.Errorf("a server that should only close has written")
}

// startRawAccept is the floor: one thread that blocks in accept4.
func startRawAccept(variant, point) (subject, error) {
	ln, port, err := rawListen()
	if err != nil {
		return subject{}, err
	}
	if err := unix.SetNonblock(ln, false); err != nil {
		return subject{}, err
	}
	go func() {
		runtime.LockOSThread()
		for {
			fd, _, err := unix.Accept4(ln, unix.SOCK_CLOEXEC)
			switch err {
			case nil:
				unix.Close(fd)
			case unix.EINTR, unix.ECONNABORTED:
			default:
				log.Fatal("raw accept: ", err)
			}
		}
	}()
	return subject{addr: fmt.Sprintf("127.0.0.1:%d", port)}, nil
}
