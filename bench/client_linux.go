package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

const (
	maxSize = 1 << 20
	// slowest is the largest latency the histogram holds, and stalled the silence after which a run is given up.
	slowest = 10 * time.Second
	stalled = 5 * time.Second
)

// loader is what this process does to a subject.
type loader interface {
	// run loads the subject for about d and returns when the subject has nothing left to do.
	run(ctx context.Context, d time.Duration) (load, error)
	close()
}

// load is what one run saw.
type load struct {
	requests int // or whatever else is counted
	burns    int // requests whose handlers burned CPU; not among the others
	elapsed  time.Duration
	cpu      time.Duration           // of this process
	latency  *hdrhistogram.Histogram // nil where it was not looked at
	late     *hdrhistogram.Histogram // by how much requests went out behind their schedule for the client's own sake
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(slowest), 3) }

// record counts a request in.
func (l *load) record(d time.Duration, units int) error {
	l.requests += units
	return l.latency.RecordValue(int64(min(d, slowest)))
}

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
		buf: make([]byte, min(talk.length, maxSize))}
	for i := range conns {
		fd, err := connect(talk.network, source(i), addr)
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns = append(c.conns, clientConn{fd: fd, seq: uint64(i) << 40, got: talk.length})
		ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | edgeTriggered, Fd: int32(i)}
		if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			c.close()
			return nil, fmt.Errorf("epoll_ctl: %w", err)
		}
	}
	return c, nil
}

// connect returns a non-blocking connected socket, from an address if that is not empty.
func connect(network, from, addr string) (int, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return -1, err
	}
	kind := unix.SOCK_STREAM
	if network == "udp" {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if from != "" {
		err = bindAddress(fd, from)
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()})
	}
	if err == nil && network == "tcp" {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		err = resetAtClose(fd)
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// bindAddress leaves the choice of a port to connect, which knows which are free towards one server.
func bindAddress(fd int, from string) error {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: addr.As4()})
}

// resetAtClose keeps thousands of connections a minute from filling the machine's table with TIME_WAIT.
func resetAtClose(fd int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func (c *client) close() {
	if c == nil {
		return
	}
	for _, conn := range c.conns {
		unix.Close(conn.fd)
	}
	unix.Close(c.epfd)
}

func (c *client) now() time.Duration { return time.Since(c.epoch) }

// run keeps one request in flight on every connection for d, then waits for the last replies, so that the server is idle
// when it returns.
func (c *client) run(ctx context.Context, d time.Duration) (load, error) {
	l := load{latency: newHistogram()}
	cpu, start := processCPU(), c.now()
	if err := c.closedLoop(ctx, d, &l); err != nil {
		return l, err
	}
	l.elapsed = c.now() - start
	l.cpu = processCPU() - cpu
	return l, nil
}

// wave makes one request on each connection.
func (c *client) wave(ctx context.Context) (load, error) { return c.run(ctx, 0) }

// closedLoop is what run measures.
func (c *client) closedLoop(ctx context.Context, d time.Duration, l *load) error {
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
			done, err := c.advance(conn)
			if err != nil {
				return err
			}
			if !done {
				continue
			}
			// The end of one request is the start of the next: one look at the clock serves both.
			last = c.now()
			if conn.burns {
				l.burns++
			} else if err := l.record(last-conn.sent, c.talk.units); err != nil {
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

// wait returns the number of events, and gives up when nothing has been heard since last for too long.
func (c *client) wait(ctx context.Context, last time.Duration, inFlight int) (int, error) {
	n, err := epollWait(c.epfd, c.events, 100)
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
		n, errno := rawWrite(conn.fd, c.talk.request[conn.written:])
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
		read := rawRead
		if c.talk.reply == nil {
			read = rawDiscard
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
