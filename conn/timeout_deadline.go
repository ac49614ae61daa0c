package conn

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A deadlineConn is any net.Conn with limits made of its deadlines.
type deadlineConn struct {
	net.Conn
	reads, writes limiter
}

func newDeadlineConn(c net.Conn, read, write time.Duration) *deadlineConn {
	return &deadlineConn{
		Conn:   c,
		reads:  limiter{limit: read, set: c.SetReadDeadline},
		writes: limiter{limit: write, set: c.SetWriteDeadline},
	}
}

func (c *deadlineConn) Read(p []byte) (n int, err error) {
	if err := c.reads.begin(); err != nil {
		return 0, err
	}
	defer c.reads.end()
	return c.Conn.Read(p)
}

// Write begins again, with a deadline of its own, for as long as it makes progress.
func (c *deadlineConn) Write(p []byte) (nn int, err error) {
	if err := c.writes.begin(); err != nil {
		return 0, err
	}
	defer c.writes.end()
	for {
		n, err := c.Conn.Write(p[nn:])
		nn += n
		if n == 0 || nn == len(p) || !errors.Is(err, os.ErrDeadlineExceeded) || !c.writes.extend() {
			return nn, err
		}
	}
}

func (c *deadlineConn) SetDeadline(t time.Time) error {
	return cmp.Or(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *deadlineConn) SetReadDeadline(t time.Time) error  { return c.reads.setDeadline(t) }
func (c *deadlineConn) SetWriteDeadline(t time.Time) error { return c.writes.setDeadline(t) }

// A limiter keeps the deadline of one side at what comes first, the caller's or that of
// the operations in progress.
type limiter struct {
	limit time.Duration
	set   func(time.Time) error

	mu       sync.Mutex
	deadline time.Time // the caller's
	over     time.Time // when the operation that began last is too long
	busy     int       // operations in progress
}

// begin begins an operation. That of a closed connection shall tell so itself: a net.Pipe
// whose other end is closed takes no deadline either, and a Read of it is at the end.
func (l *limiter) begin() error {
	if l.limit <= 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = time.Now().Add(l.limit)
	err := l.update()
	if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		l.busy++
		return nil
	}
	if l.busy == 0 {
		l.over = time.Time{}
	}
	return err
}

// extend gives the operation in progress its time again, if there is a limit.
func (l *limiter) extend() bool {
	if l.limit <= 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = time.Now().Add(l.limit)
	return l.update() == nil
}

func (l *limiter) end() {
	if l.limit <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy--; l.busy == 0 {
		l.over = time.Time{}
		l.update()
	}
}

func (l *limiter) setDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return l.update()
}

// update tells the connection. The caller holds mu.
func (l *limiter) update() error {
	if l.deadline.IsZero() || !l.over.IsZero() && l.over.Before(l.deadline) {
		return l.set(l.over)
	}
	return l.set(l.deadline)
}
