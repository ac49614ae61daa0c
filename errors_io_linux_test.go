package netpoller_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A Read or Write that waits must fail alike however it is ended: by a deadline, a
// deadline set in the past, a Close, or a reset.
func TestErrorsOfWaiting(t *testing.T) {
	operations := map[string]func(c tcpConn) error{
		"Read": func(c tcpConn) error { _, err := c.Read(make([]byte, 8)); return err },
		"Write": func(c tcpConn) error {
			for big := make([]byte, 1<<20); ; {
				if _, err := c.Write(big); err != nil {
					return err
				}
			}
		},
		"WriteTo":  func(c tcpConn) error { _, err := c.WriteTo(new(bytes.Buffer)); return err },
		"ReadFrom": func(c tcpConn) error { _, err := c.ReadFrom(zeros{}); return err },
		"RawConn.Read": func(c tcpConn) error {
			raw, _ := c.SyscallConn()
			return raw.Read(func(uintptr) bool { return false })
		},
		"RawConn.Write": func(c tcpConn) error {
			raw, _ := c.SyscallConn()
			return raw.Write(func(uintptr) bool { return false })
		},
	}
	ends := map[string]func(c, peer tcpConn) error{
		"deadline comes":       func(c, _ tcpConn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		"deadline in the past": func(c, _ tcpConn) error { return c.SetDeadline(longAgo) },
		"Close":                func(c, _ tcpConn) error { return c.Close() },
		"reset": func(_, peer tcpConn) error {
			return errors.Join(peer.SetLinger(0), peer.Close())
		},
	}
	for name, operate := range operations {
		for how, end := range ends {
			if strings.HasPrefix(name, "RawConn") && how == "reset" {
				continue // it waits on: what a reset means is up to the caller
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				compare(t, func(s *side) []any {
					c, peer := s.pair()
					err := make(chan error)
					go func() { err <- operate(c) }()
					time.Sleep(5 * time.Millisecond) // most likely it waits by now
					require.NoError(s, end(c, peer))
					return results(resetIsReset(<-err))
				})
			})
		}
	}
}

// resetIsReset evens out what the kernel says to a write after a reset: ECONNRESET the
// first time and EPIPE later, and which one a write meets is a matter of luck.
func resetIsReset(err error) error {
	var op *net.OpError
	if errors.Is(err, unix.EPIPE) && errors.As(err, &op) && op.Op == "write" {
		return errors.New(strings.Replace(err.Error(), unix.EPIPE.Error(), unix.ECONNRESET.Error(), 1))
	}
	if errors.Is(err, unix.ECONNRESET) && errors.As(err, &op) && op.Op == "write" {
		return errors.New(err.Error())
	}
	return err
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// failing fails to read or write.
type failing struct{ err error }

func (f failing) Read(p []byte) (int, error)  { return copy(p, "part"), f.err }
func (f failing) Write(p []byte) (int, error) { return len(p) / 2, f.err }

// ReadFrom and WriteTo must tell what they moved and whose error ended them.
func TestErrorsOfCopy(t *testing.T) {
	for _, theirs := range []error{errors.New("theirs"), io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, nil} {
		if theirs != nil {
			compare(t, func(s *side) []any {
				c, _ := s.pair()
				n, err := c.ReadFrom(failing{theirs})
				n2, err2 := io.Copy(c, failing{theirs})
				return results(n, err, n2, err2)
			})
		}
		compare(t, func(s *side) []any {
			c, peer := s.pair()
			farewell(s, c, peer)
			n, err := c.WriteTo(failing{theirs})
			return results(n, err)
		})
	}
}

// After a write timeout the count must be what the peer can read.
func TestCountOfWriteTimeout(t *testing.T) {
	compare(t, func(s *side) []any {
		c, peer := s.pair()
		big := make([]byte, 64<<20)
		expireWhenFull(s, c)
		n, err := c.Write(big)
		require.NoError(s, c.Close())
		received, peerErr := io.Copy(io.Discard, peer)
		return results(n > 0, int64(n) == received, err, peerErr)
	})
}
