package dialer_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

func TestMain(m *testing.M) { both.Main(m) }

var background = context.Background()

// same runs f on both sides and requires that it returns the same.
func same(t *testing.T, f func(s *both.Side) string) {
	t.Helper()
	both.Compare(t, func(s *both.Side) []any { return both.Results(f(s)) })
}

// describe returns all of an error, but for a race inside package net.
func describe(s *both.Side, err error) string {
	if s.Std {
		err = nettest.LikeContext(err)
	}
	return nettest.NamePorts(nettest.Describe(err), nil)
}

// A journal notes what happens, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) text() (s string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range j.lines {
		s += line + "\n"
	}
	return s
}

func (j *journal) len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines)
}

// hook returns a Control function that notes its arguments.
func (j *journal) hook() func(network, address string, c syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		j.note("control %s %s", network, address)
		return nil
	}
}

// giveUp returns a Dialer that notes each connect, and a context for it that is
// canceled a moment after so many have begun; 0 means never.
func (j *journal) giveUp(s *both.Side, connects int) (context.Context, net.Dialer) {
	ctx, cancel := context.WithCancel(background)
	s.Cleanup(cancel)
	note := j.hook()
	return ctx, net.Dialer{Control: func(network, address string, c syscall.RawConn) error {
		note(network, address, c)
		if j.len() == connects {
			time.AfterFunc(20*time.Millisecond, cancel)
		}
		return nil
	}}
}

// serve listens on an address and closes what it accepts once the peer has.
func serve(t *testing.T, network, address string) (port int) {
	t.Helper()
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	serveOn(l)
	return l.Addr().(*net.TCPAddr).Port
}

func serveOn(l net.Listener) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.Read(make([]byte, 1))
			}()
		}
	}()
}

// abortive is a Control hook for tests that make more connections than there are ports:
// closing the socket resets the connection and leaves nothing in TIME_WAIT.
func abortive(_, _ string, c syscall.RawConn) (err error) {
	return errors.Join(c.Control(func(fd uintptr) {
		err = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	}), err)
}

// usable requires that a connection has a peer and carries data.
func usable(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		_, err = syscall.Getpeername(int(fd))
	}))
	require.NoError(t, err, "a dial that succeeds must be connected")
	require.NotNil(t, c.RemoteAddr())
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
}

// at returns an address with a port.
func at(host string, port int) string { return net.JoinHostPort(host, fmt.Sprint(port)) }
