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

// A deadlineConn implements the limits of a TimeoutConn by the deadlines of any net.Conn.
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

// Write writes the rest again, with a new deadline, as long as it makes progress.
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

// A limiter sets the deadline of one side to the earlier of the caller's deadline and the end
// of the limit of the operations in progress.
type limiter struct {
	limit time.Duration
	set   func(time.Time) error

	mu       sync.Mutex
	deadline time.Time // the caller's
	over     time.Time // when the limit of the operation that began last ends
	busy     int       // operations in progress
}

// begin begins an operation. It ignores the error of setting a deadline on a closed
// connection, so that the operation returns its own error: for example, a Read of a net.Pipe
// whose other end is closed returns io.EOF.
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

// extend begins the limit of the operation in progress anew. It reports false if there is no
// limit or the deadline cannot be set.
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

// update sets the deadline of the connection.
//
// Preconditions: mu is held.
func (l *limiter) update() error {
	if l.deadline.IsZero() || !l.over.IsZero() && l.over.Before(l.deadline) {
		return l.set(l.over)
	}
	return l.set(l.deadline)
}
