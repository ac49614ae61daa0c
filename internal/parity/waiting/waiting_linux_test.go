package waiting

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// The tests here are of what package net has not: connections that wait without a
// goroutine, or until a context is done. See conn/wait_linux.go.

// If this fails, some kind of connection is not told of data, or takes it while it only
// waits for it, or takes what is sent to another.
func TestWaitingForData(t *testing.T) {
	eachLink(t, func(t *testing.T, l patientLink) {
		ctx := t.Context()
		told, stop := l.notified()
		require.Empty(t, told)
		l.send(t, "first")
		nettest.Result(t, "the notification", told)
		require.False(t, stop(), "it was called")
		for range 2 {
			require.NoError(t, l.c.WaitReadable(ctx))
		}
		l.reads(t, "first")

		waited := make(chan struct{})
		go func() {
			l.c.WaitReadable(ctx)
			close(waited)
		}()
		l.send(t, "second")
		nettest.Result(t, "the end of WaitReadable", waited)
		l.reads(t, "second")

		require.NoError(t, l.c.WaitWritable(ctx))
		n, err := l.c.WriteContext(ctx, []byte("answer"))
		require.NoError(t, err)
		require.Equal(t, len("answer"), n)
		b := make([]byte, 100)
		n, err = l.peer.Read(b)
		require.NoError(t, err)
		require.Equal(t, "answer", string(b[l.header:n]))
		require.Empty(t, told, "told twice")
	})
}

// If this fails, some kind of connection does not see that its peer has gone, or sees it
// where there is no such thing, or reports the end otherwise than as a bare io.EOF.
func TestWaitingForTheEnd(t *testing.T) {
	eachLink(t, func(t *testing.T, l patientLink) {
		require.False(t, l.c.PeerClosed())
		l.send(t, "last")
		require.NoError(t, l.c.WaitReadable(t.Context()))
		require.False(t, l.c.PeerClosed())
		require.NoError(t, l.peer.Close())
		l.reads(t, "last")
		if l.packet {
			require.False(t, l.c.PeerClosed())
			require.NoError(t, l.c.Close())
			require.True(t, l.c.PeerClosed())
			return
		}
		told, _ := l.notified()
		nettest.Result(t, "the notification of the end", told)
		require.NoError(t, l.c.WaitReadable(t.Context()))
		require.True(t, l.c.PeerClosed())
		n, err := l.c.ReadContext(t.Context(), make([]byte, 8))
		require.Zero(t, n)
		require.Equal(t, io.EOF, err)
		require.NoError(t, l.c.Close())
		require.True(t, l.c.PeerClosed())
	})
}

// A patientOp is an operation that a context ends, and the one of package net that is
// like it.
type patientOp struct {
	name     string
	op       string // as net.OpError has it
	patient  func(c patientConn, ctx context.Context) error
	ordinary func(c net.Conn) error
}

var patientOps = []patientOp{
	{"ReadContext", "read", func(c patientConn, ctx context.Context) error {
		_, err := c.ReadContext(ctx, make([]byte, 8))
		return err
	}, readOnce},
	{"WaitReadable", "read", patientConn.WaitReadable, readOnce},
	{"WriteContext", "write", func(c patientConn, ctx context.Context) error {
		_, err := c.WriteContext(ctx, []byte("x"))
		return err
	}, writeOnce},
	{"WaitWritable", "write", patientConn.WaitWritable, writeOnce},
}

func readOnce(c net.Conn) error { _, err := c.Read(make([]byte, 8)); return err }

func writeOnce(c net.Conn) error { _, err := c.Write([]byte("x")); return err }

// If this fails, a program that looks at an error cannot tell a context from a deadline
// or from Close, or does not learn which connection it was.
func TestWaitingErrors(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), nettest.LongAgo)
	defer cancel()
	all := []error{context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, net.ErrClosed}
	eachLink(t, func(t *testing.T, l patientLink) {
		is := func(o patientOp, err, want error, timeout bool) {
			t.Helper()
			for _, other := range all {
				require.Equal(t, other == want, errors.Is(err, other), "%s: %v is %v", o.name, err, other)
			}
			op, ok := err.(*net.OpError)
			require.True(t, ok, "%s: %#v", o.name, err)
			require.Equal(t, timeout, op.Timeout(), "%s: %v", o.name, err)
			require.Equal(t, o.op, op.Op)
			require.Equal(t, l.c.LocalAddr(), op.Source)
			require.Equal(t, l.c.RemoteAddr(), op.Addr)
		}
		for _, o := range patientOps {
			err := o.patient(l.c, canceled)
			is(o, err, context.Canceled, false)
			require.ErrorContains(t, err, "operation was canceled")
			err = o.patient(l.c, late)
			is(o, err, context.DeadlineExceeded, true)
			require.ErrorContains(t, err, "i/o timeout")
		}
		require.NoError(t, l.c.SetDeadline(nettest.LongAgo))
		for _, o := range patientOps {
			err := o.patient(l.c, t.Context())
			is(o, err, os.ErrDeadlineExceeded, true)
			require.Equal(t, o.ordinary(l.c).Error(), err.Error())
		}
		require.NoError(t, l.c.Close())
		for _, o := range patientOps {
			err := o.patient(l.c, t.Context())
			is(o, err, net.ErrClosed, false)
			require.Equal(t, o.ordinary(l.c).Error(), err.Error())
		}
	})
}

// If this fails, an operation in progress outlasts its context, a deadline or Close, or
// they leave something behind for the next one.
func TestWaitingIsEnded(t *testing.T) {
	eachLink(t, func(t *testing.T, l patientLink) {
		var told chan struct{}
		for _, end := range []struct {
			name string
			by   func(cancel func())
			want error
		}{
			{"cancel", func(cancel func()) { cancel() }, context.Canceled},
			{"deadline", func(func()) { l.c.SetReadDeadline(nettest.LongAgo) }, os.ErrDeadlineExceeded},
			{"Close", func(func()) { l.c.Close() }, net.ErrClosed},
		} {
			for _, o := range patientOps[:2] {
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				var err error
				go func() {
					err = o.patient(l.c, ctx)
					close(ended)
				}()
				time.Sleep(time.Millisecond) // so that it mostly waits by then
				end.by(cancel)
				nettest.Result(t, end.name+" ends "+o.name, ended)
				require.ErrorIs(t, err, end.want)
				cancel()
				if end.want != net.ErrClosed {
					require.NoError(t, l.c.SetReadDeadline(time.Time{}))
				}
			}
			if end.want != context.Canceled { // which ends no notification
				end.by(nil)
				told, _ = l.notified()
				nettest.Result(t, end.name+" is told of", told)
			}
			if end.want != net.ErrClosed {
				require.NoError(t, l.c.SetReadDeadline(time.Time{}))
				l.send(t, end.name)
				l.reads(t, end.name)
			}
		}
		require.Empty(t, told, "told twice")
	})
}

// If this fails, a program that calls a method of a connection that it has not got
// waits forever, or panics where package net's methods return an error.
func TestWaitingOnNothing(t *testing.T) {
	for _, c := range []patientConn{
		&netpoller.TCPConn{}, &netpoller.UDPConn{}, &netpoller.UnixConn{}, &netpoller.IPConn{},
	} {
		for _, o := range patientOps {
			require.Equal(t, syscall.EINVAL, o.patient(c, t.Context()), "%T %s", c, o.name)
		}
		require.True(t, c.PeerClosed())
		told, stop := patientLink{c: c}.notified() // a Read would not wait
		nettest.Result(t, "the notification", told)
		require.False(t, stop())
	}
	var none *netpoller.TCPConn
	require.Panics(t, func() { none.Read(nil) })
	require.Panics(t, func() { none.NotifyReadable(func() {}) })
}

// If this fails, the limits of WithTimeout do not hold for waiting, or the connection in
// it cannot be reached, or a notification is ended by a limit.
func TestWaitingWithLimits(t *testing.T) {
	eachLink(t, func(t *testing.T, l patientLink) {
		c := netpoller.WithTimeout(l.c, time.Millisecond, time.Millisecond)
		inner := c.NetConn().(patientConn)
		require.ErrorIs(t, inner.WaitReadable(t.Context()), os.ErrDeadlineExceeded)
		_, err := inner.ReadContext(t.Context(), make([]byte, 8))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, inner.WaitWritable(t.Context()), "there is room")

		told, stop := l.notified()
		time.Sleep(5 * time.Millisecond)
		require.Empty(t, told)
		require.True(t, stop())
		told, _ = l.notified()
		l.send(t, "x")
		nettest.Result(t, "the notification", told)
		l.reads(t, "x")
	})
}
