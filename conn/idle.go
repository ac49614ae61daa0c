package conn

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// An IdleServer serves connections whose peers are mostly silent. While a connection of this
// package waits for its peer, it needs neither a goroutine nor a buffer. It may be wrapped: the
// IdleServer finds it below a tls.Conn, a TimeoutConn and all else that has a method NetConn,
// and does not wait while a layer between still holds data. (With NotifyReadable that must be
// seen to: of three messages in one TLS record, the second and the third cause no event.)
//
// Any other connection is served the same way by a goroutine, and so is each on systems other
// than Linux. There the limit of a TimeoutConn for reading ends a connection that waits, too.
//
// The fields must not be changed after the first Add. Add may be called from any goroutine.
type IdleServer struct {
	// Serve is called in a goroutine of the connection when there is something to read. It
	// reads a message, or several, and may wait for the rest of one. It reads from r, never from
	// c: what has come may be in r already. It writes to c. It is called again until
	// nothing is left in any layer. An error ends the connection, and so does a Serve that has
	// read nothing. After Serve, r is another connection's, and deadlines for reading that
	// Serve has set are cleared.
	//
	// A layer that buffers for itself, such as a bufio.Reader, reads from r. While Serve is not
	// running, nothing else may read from c.
	Serve func(c net.Conn, r *bufio.Reader) error

	// Done, unless it is nil, is called when a connection has ended and is closed. The error
	// is Serve's, io.EOF after the end of the stream, os.ErrDeadlineExceeded after
	// IdleTimeout, net.ErrClosed after Close, or what else a Read or a TLS handshake failed
	// with.
	Done func(c net.Conn, err error)

	// IdleTimeout ends a connection that has brought no message for so long, counted from Add
	// or the last Serve. It also limits a TLS handshake. 0 or less means no limit.
	IdleTimeout time.Duration
}

// Add has c served until it ends, and returns at once. c must not have been read from, except
// for a handshake. A tls.Client must have completed its handshake: its peer waits for it to begin.
//
// An IdleServer has no end of its own, and keeps no list of connections. To end one, close it: Done
// is told. A program that is to end all of them keeps them itself, from Add until Done.
//
// Add panics if c or s.Serve is nil.
func (s *IdleServer) Add(c net.Conn) {
	switch {
	case c == nil:
		panic("IdleServer.Add: nil connection")
	case s.Serve == nil:
		panic("IdleServer.Add: Serve is nil")
	}
	i := &idle{server: s, c: c}
	i.notifier, _ = firstBelow[notifier](c)
	i.renew()
	if i.notifier == nil {
		go i.loop()
		return
	}
	i.wait()
}

// A notifier is a connection of this package.
type notifier interface {
	NotifyReadable(f func()) (stop func() bool)
	SetReadDeadline(time.Time) error
	withoutWaiting(f func()) (wouldWait bool)
}

// firstBelow returns the first T among c, what it wraps, what that wraps, and so on.
func firstBelow[T any](c net.Conn) (t T, ok bool) {
	for range 100 { // one that wraps itself has no end
		if t, ok = c.(T); ok {
			return t, true
		}
		outer, wraps := c.(interface{ NetConn() net.Conn })
		if !wraps {
			return t, false
		}
		c = outer.NetConn()
	}
	return t, false
}

// An idle is a connection of an IdleServer. At any time one goroutine has it, or its
// notification does.
type idle struct {
	server   *IdleServer
	c        net.Conn
	notifier notifier  // below c; nil if there is none
	until    time.Time // when IdleTimeout is over; zero for never
	shook    bool      // the handshake is over
}

// renew begins another IdleTimeout.
func (i *idle) renew() {
	if i.server.IdleTimeout > 0 {
		i.until = time.Now().Add(i.server.IdleTimeout)
	}
}

// overdue reports whether IdleTimeout is over.
func (i *idle) overdue() bool { return !i.until.IsZero() && !time.Now().Before(i.until) }

// wait lets the goroutine go until there is something to read. If the deadline cannot be set,
// the connection is closed, and the notification comes at once.
func (i *idle) wait() {
	_ = i.notifier.SetReadDeadline(i.until)
	i.notifier.NotifyReadable(i.run)
}

// run serves what has come, then waits again or ends.
func (i *idle) run() {
	if err := i.notifier.SetReadDeadline(time.Time{}); err != nil {
		if errors.Is(err, net.ErrClosed) {
			err = net.ErrClosed // without the name of a call that is not the program's
		}
		i.end(err)
		return
	}
	err := i.serve(i.peekNow)
	if err == errWouldWait {
		if !i.overdue() {
			i.wait()
			return
		}
		err = os.ErrDeadlineExceeded
	}
	i.end(err)
}

// loop serves a connection in one goroutine.
func (i *idle) loop() { i.end(i.serve(i.peek)) }

// end closes the connection.
func (i *idle) end(err error) {
	i.c.Close()
	if i.server.Done != nil {
		i.server.Done(i.c, err)
	}
}

// readers are those that Serve gets.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

var (
	errReadNothing = errors.New("IdleServer: Serve has read nothing")
	errWouldWait   = errors.New("IdleServer: no layer has anything") // says peekNow to run
)

// serve calls Serve while peek, which looks whether there is something in any layer, succeeds.
func (i *idle) serve(peek func(*bufio.Reader) error) error {
	if err := i.handshake(); err != nil {
		return err
	}
	source := &countedReader{Reader: i.c}
	r := readers.Get().(*bufio.Reader)
	r.Reset(source)
	defer func() {
		r.Reset(nil)
		readers.Put(r)
	}()
	for {
		if r.Buffered() == 0 {
			if err := peek(r); err != nil {
				return err
			}
		}
		reads, buffered := source.reads, r.Buffered()
		if err := i.server.Serve(i.c, r); err != nil {
			return err
		}
		if source.reads == reads && r.Buffered() == buffered {
			return errReadNothing
		}
		_ = i.c.SetReadDeadline(time.Time{}) // of a layer, too; if c is closed, a Read says so
		i.renew()
	}
}

// peekNow looks without waiting. If it fails with errWouldWait, all layers are empty but for the
// beginning of something, such as a TLS record: the lowest has found nothing. If a layer fails
// so and has not asked the lowest, it keeps an error of before, and has no more to give.
func (i *idle) peekNow(r *bufio.Reader) (err error) {
	wouldWait := i.notifier.withoutWaiting(func() { _, err = r.Peek(1) })
	if wouldWait && errors.Is(err, os.ErrDeadlineExceeded) {
		return errWouldWait
	}
	return err
}

// peek waits until IdleTimeout.
func (i *idle) peek(r *bufio.Reader) error {
	if err := i.c.SetReadDeadline(i.until); err != nil {
		return err
	}
	if _, err := r.Peek(1); err != nil {
		return err
	}
	return i.c.SetReadDeadline(time.Time{})
}

// A handshaker is a tls.Conn or another connection with such a method.
type handshaker interface {
	HandshakeContext(context.Context) error
}

// handshake completes the handshake of the first handshaker that i.c is or wraps. A tls.Conn that
// does it in a Read cannot be used after that Read has timed out.
func (i *idle) handshake() error {
	h, ok := firstBelow[handshaker](i.c)
	if i.shook || !ok {
		return nil
	}
	ctx := context.Background()
	if !i.until.IsZero() {
		limited, cancel := context.WithDeadline(ctx, i.until)
		defer cancel()
		ctx = limited
	}
	i.shook = true
	err := h.HandshakeContext(ctx)
	if err != nil && i.overdue() {
		err = os.ErrDeadlineExceeded
	}
	return err
}

// A countedReader counts its Reads, for serve.
type countedReader struct {
	io.Reader
	reads int
}

// Read keeps no timeout of a layer that has read something for the next read: that one may wait.
func (r *countedReader) Read(p []byte) (n int, err error) {
	r.reads++
	n, err = r.Reader.Read(p)
	if n > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return n, err
}
