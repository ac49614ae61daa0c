package main

import (
	"bytes"
	"context"
	"encoding/binary"
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

// client is a closed loop in one goroutine: a request goes out on a connection when the reply to the one before is
// complete and byte for byte right. It is edge-triggered and reads just what is owed, so a request costs it one read, one
// write and its share of an epoll_wait, whatever the server does.
type client struct {
	epfd   int
	conns  []clientConn
	events []unix.EpollEvent
	epoch  time.Time
}

type clientConn struct {
	fd             int
	seq            uint64
	sent           time.Duration // since epoch
	request, reply []byte
	written, got   int
}

// load is what one run of the client saw.
type load struct {
	requests int
	elapsed  time.Duration
	cpu      time.Duration // of this process
	latency  *hdrhistogram.Histogram
}

func newClient(addr string, conns, size int) (*client, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	c := &client{epfd: epfd, events: make([]unix.EpollEvent, min(conns, 512)), epoch: time.Now()}
	for i := range conns {
		fd, err := connect(addr)
		if err != nil {
			c.close()
			return nil, err
		}
		conn := clientConn{fd: fd, seq: uint64(i) << 40, request: make([]byte, size), reply: make([]byte, size)}
		for j := range conn.request {
			conn.request[j] = byte(i*31 + j)
		}
		c.conns = append(c.conns, conn)
		ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | edgeTriggered, Fd: int32(i)}
		if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			c.close()
			return nil, fmt.Errorf("epoll_ctl: %w", err)
		}
	}
	return c, nil
}

// connect returns a non-blocking connected socket.
func connect(addr string) (int, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()})
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		// Reset at close: thousands of connections a minute would else fill the table with TIME_WAIT.
		err = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
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
	l := load{latency: hdrhistogram.New(1, int64(slowest), 3)}
	cpu := processCPU()
	start := c.now()
	for i := range c.conns {
		if err := c.conns[i].send(c.now()); err != nil {
			return l, err
		}
	}
	inFlight := len(c.conns)
	for last := start; inFlight > 0; {
		n, err := epollWait(c.epfd, c.events, 100)
		if err != nil {
			return l, fmt.Errorf("epoll_wait: %w", err)
		}
		if ctx.Err() != nil {
			return l, ctx.Err()
		}
		if n == 0 && c.now()-last > stalled {
			return l, fmt.Errorf("server stalled: %d of %d replies missing after %v", inFlight, len(c.conns), stalled)
		}
		for _, ev := range c.events[:n] {
			conn := &c.conns[ev.Fd]
			done, err := conn.advance()
			if err != nil {
				return l, err
			}
			if !done {
				continue
			}
			last = c.now()
			l.requests++
			// The end of one request is the start of the next: one look at the clock serves both.
			if err := l.latency.RecordValue(int64(min(last-conn.sent, slowest))); err != nil {
				return l, err
			}
			if last-start >= d {
				inFlight--
			} else if err := conn.send(last); err != nil {
				return l, err
			}
		}
	}
	l.elapsed = c.now() - start
	l.cpu = processCPU() - cpu
	return l, nil
}

// send starts the next request.
func (c *clientConn) send(now time.Duration) error {
	c.seq++
	var seq [8]byte
	binary.LittleEndian.PutUint64(seq[:], c.seq)
	copy(c.request, seq[:])
	c.sent, c.written, c.got = now, 0, 0
	return c.write()
}

// write sends what is left of the request; epoll tells when a full socket buffer has room again.
func (c *clientConn) write() error {
	for c.written < len(c.request) {
		n, errno := rawWrite(c.fd, c.request[c.written:])
		switch errno {
		case 0:
			c.written += n
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
func (c *clientConn) advance() (bool, error) {
	if err := c.write(); err != nil {
		return false, err
	}
	if c.got == len(c.reply) {
		return false, nil // an event between two runs
	}
	for c.got < len(c.reply) {
		n, errno := rawRead(c.fd, c.reply[c.got:])
		switch {
		case errno == unix.EAGAIN:
			return false, nil
		case errno == unix.EINTR:
		case errno != 0:
			return false, fmt.Errorf("read: %w", errno)
		case n == 0:
			return false, fmt.Errorf("server closed the connection with %d of %d bytes owed", len(c.reply)-c.got, len(c.reply))
		default:
			c.got += n
		}
	}
	if !bytes.Equal(c.reply, c.request) {
		head := min(32, len(c.request))
		return false, fmt.Errorf("reply is not the request: sent %x, got %x", c.request[:head], c.reply[:head])
	}
	return true, nil
}
