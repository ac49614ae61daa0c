package client

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/sys"
)

// client is a closed loop in one goroutine: a request goes out on a connection when the reply to the one before is
// complete and byte for byte right. It is edge-triggered and reads just what is owed, so a request costs it one read, one
// write and its share of an epoll_wait, whatever the server does.
type client struct {
	epfd   int
	conns  []clientConn
	events []unix.EpollEvent
	epoch  time.Time
	talk   *dialogue
	buf    []byte
}

type clientConn struct {
	fd           int
	seq          uint64
	sent         time.Duration // since epoch
	written, got int           // of the request, of the reply
	burns        bool
}

func newClient(addr string, conns int, talk *dialogue) (*client, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	c := &client{epfd: epfd, events: make([]unix.EpollEvent, min(conns, 512)), epoch: time.Now(), talk: talk,
		buf: make([]byte, min(talk.length, MaxSize))}
	for i := range conns {
		fd, err := connect(talk.network, source(i), addr)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.conns = append(c.conns, clientConn{fd: fd, seq: uint64(i) << 40, got: talk.length})
		ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | sys.EdgeTriggered, Fd: int32(i)}
		if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			c.Close()
			return nil, fmt.Errorf("epoll_ctl: %w", err)
		}
	}
	return c, nil
}

func (c *client) Close() {
	if c == nil {
		return
	}
	for _, conn := range c.conns {
		unix.Close(conn.fd)
	}
	unix.Close(c.epfd)
}

func (c *client) now() time.Duration { return time.Since(c.epoch) }

// Run keeps one request in flight on every connection for d, then waits for the last replies, so that the server is idle
// when it returns.
func (c *client) Run(ctx context.Context, d time.Duration) (Load, error) {
	l := Load{Latency: newHistogram()}
	cpu, start := counting.ProcessCPU(), c.now()
	if err := c.closedLoop(ctx, d, &l); err != nil {
		return l, err
	}
	l.Elapsed = c.now() - start
	l.CPU = counting.ProcessCPU() - cpu
	return l, nil
}

// Wave makes one request on each connection.
func (c *client) Wave(ctx context.Context) (Load, error) { return c.Run(ctx, 0) }

// closedLoop is what Run measures.
func (c *client) closedLoop(ctx context.Context, d time.Duration, l *Load) error {
	start := c.now()
	for i := range c.conns {
		if err := c.send(&c.conns[i], c.now()); err != nil {
			return err
		}
	}
	inFlight := len(c.conns)
	for last := start; inFlight > 0; {
		n, err := c.wait(ctx, last, inFlight)
		if err != nil {
			return err
		}
		for _, ev := range c.events[:n] {
			conn := &c.conns[ev.Fd]
			if done, err := c.advance(conn); err != nil {
				return err
			} else if !done {
				continue
			}
			// The end of one request is the start of the next: one look at the clock serves both.
			last = c.now()
			if err := c.count(conn, last, l); err != nil {
				return err
			}
			if last-start >= d {
				inFlight--
			} else if err := c.send(conn, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// count counts in the request whose reply was complete at now.
func (c *client) count(conn *clientConn, now time.Duration, l *Load) error {
	if conn.burns {
		l.Burns++
		return nil
	}
	return l.record(now-conn.sent, c.talk.units)
}

// wait returns the number of events, and gives up when nothing has been heard since last for too long.
func (c *client) wait(ctx context.Context, last time.Duration, inFlight int) (int, error) {
	n, err := sys.EpollWait(c.epfd, c.events, 100)
	switch {
	case err != nil:
		return 0, fmt.Errorf("epoll_wait: %w", err)
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case n == 0 && c.now()-last > stalled:
		return 0, fmt.Errorf("server stalled: %d of %d replies missing after %v", inFlight, len(c.conns), stalled)
	}
	return n, nil
}

// send starts the next request.
func (c *client) send(conn *clientConn, now time.Duration) error {
	conn.seq++
	conn.sent, conn.written, conn.got = now, 0, 0
	return c.write(conn)
}

// write sends what is left of the request; epoll tells when a full socket buffer has room again.
func (c *client) write(conn *clientConn) error {
	if conn.written == len(c.talk.request) {
		return nil
	}
	c.talk.stamp(conn.seq)
	for conn.written < len(c.talk.request) {
		n, errno := sys.Write(conn.fd, c.talk.request[conn.written:])
		switch errno {
		case 0:
			conn.written += n
		case unix.EAGAIN:
			return nil
		case unix.EINTR:
		default:
			return fmt.Errorf("write: %w", errno)
		}
	}
	return nil
}

// advance does what can be done now and reports whether the reply is complete.
func (c *client) advance(conn *clientConn) (bool, error) {
	owed := c.talk.length
	if conn.got == owed {
		return false, nil // an event between two requests
	}
	if err := c.write(conn); err != nil {
		return false, err
	}
	for conn.got < owed {
		p := c.buf[:min(len(c.buf), owed-conn.got)]
		read := sys.Read
		if c.talk.reply == nil {
			read = sys.Discard
		}
		n, errno := read(conn.fd, p)
		switch {
		case errno == unix.EAGAIN:
			return false, nil
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return false, fmt.Errorf("read: %w", errno)
		case n == 0:
			return false, fmt.Errorf("server closed the connection with %d of %d bytes owed", owed-conn.got, owed)
		}
		if err := c.talk.check(conn.seq, conn.got, p[:n]); err != nil {
			return false, err
		}
		conn.got += n
	}
	return true, nil
}
