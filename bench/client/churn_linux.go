package client

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/sys"
)

// churn makes connections, so many at a time. Each has one request and the reply to that, both maybe empty, and then the
// server must close it.
type churn struct {
	addr  string
	conns int
	talk  *dialogue
}

func (churn) Close() {}

// client returns a client that has no connection yet.
func (c churn) client() (*client, error) {
	cl, err := newClient(c.addr, 0, c.talk)
	if err != nil {
		return nil, err
	}
	cl.events = make([]unix.EpollEvent, c.conns)
	cl.conns = make([]clientConn, c.conns)
	for i := range cl.conns {
		cl.conns[i].fd = -1
	}
	return cl, nil
}

// Run keeps c.conns connections under way.
func (c churn) Run(ctx context.Context, d time.Duration) (Load, error) {
	l := Load{Latency: newHistogram()}
	cl, err := c.client()
	if err != nil {
		return l, err
	}
	defer cl.Close()
	cpu, start := counting.ProcessCPU(), cl.now()
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
			if ended, err := cl.hasEnded(i); err != nil {
				return l, err
			} else if !ended {
				continue
			}
			last = cl.now()
			if err := cl.end(i, last, &l); err != nil {
				return l, err
			}
			if last-start >= d {
				under--
			} else if err := c.next(cl, i); err != nil {
				return l, err
			}
		}
	}
	l.Elapsed, l.CPU = cl.now()-start, counting.ProcessCPU()-cpu
	return l, nil
}

// Wave makes as many connections as may be under way.
func (c churn) Wave(ctx context.Context) (Load, error) { return c.Run(ctx, 0) }

// next makes the i-th connection anew and sends its request.
func (c churn) next(cl *client, i int) error {
	sent := cl.now()
	fd, err := connect("tcp", "", c.addr)
	if err != nil {
		return err
	}
	cl.conns[i] = clientConn{fd: fd, seq: cl.conns[i].seq}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | sys.EdgeTriggered, Fd: int32(i)}
	if err := unix.EpollCtl(cl.epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return cl.send(&cl.conns[i], sent)
}

// end closes the i-th connection, which has ended at now, and counts it in.
func (c *client) end(i int, now time.Duration, l *Load) error {
	unix.Close(c.conns[i].fd)
	c.conns[i].fd = -1
	return l.record(now-c.conns[i].sent, 1)
}

// hasEnded reports whether the i-th connection has its reply and the server has closed it.
func (c *client) hasEnded(i int) (bool, error) {
	conn := &c.conns[i]
	if conn.got < c.talk.length {
		if done, err := c.advance(conn); err != nil || !done {
			return false, err
		}
	}
	var p [1]byte
	n, errno := sys.Read(conn.fd, p[:])
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return false, nil
	case errno == unix.ECONNRESET || errno == 0 && n == 0:
		return true, nil
	case errno != 0:
		return false, fmt.Errorf("read: %w", errno)
	}
	return false, fmt.Errorf("a server that should close has written more")
}
