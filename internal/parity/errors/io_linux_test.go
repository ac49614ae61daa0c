package errors

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

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A Read or Write that waits must fail alike however it is ended: by a deadline, a
// deadline set in the past, a Close, or a reset.
func TestErrorsOfWaiting(t *testing.T) {
	operations := map[string]func(c both.TCPConn) error{
		"Read": func(c both.TCPConn) error { _, err := c.Read(make([]byte, 8)); return err },
		"Write": func(c both.TCPConn) error {
			for big := make([]byte, 1<<20); ; {
				if _, err := c.Write(big); err != nil {
					return err
				}
			}
		},
		"WriteTo":  func(c both.TCPConn) error { _, err := c.WriteTo(new(bytes.Buffer)); return err },
		"ReadFrom": func(c both.TCPConn) error { _, err := c.ReadFrom(zeros{}); return err },
		"RawConn.Read": func(c both.TCPConn) error {
			raw, _ := c.SyscallConn()
			return raw.Read(func(uintptr) bool { return false })
		},
		"RawConn.Write": func(c both.TCPConn) error {
			raw, _ := c.SyscallConn()
			return raw.Write(func(uintptr) bool { return false })
		},
	}
	ends := map[string]func(c, peer both.TCPConn) error{
		"deadline comes":       func(c, _ both.TCPConn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		"deadline in the past": func(c, _ both.TCPConn) error { return c.SetDeadline(nettest.LongAgo) },
		"Close":                func(c, _ both.TCPConn) error { return c.Close() },
		"reset": func(_, peer both.TCPConn) error {
			return errors.Join(peer.SetLinger(0), peer.Close())
		},
	}
	for name, operate := range operations {
		for how, end := range ends {
			if strings.HasPrefix(name, "RawConn") && how == "reset" {
				continue // it waits on: what a reset means is up to the caller
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					c, peer := s.Pair()
					err := make(chan error)
					go func() { err <- operate(c) }()
					time.Sleep(5 * time.Millisecond) // most likely it waits by now
					require.NoError(s, end(c, peer))
					return both.Results(resetIsReset(<-err))
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

// After a write timeout the count must be what the peer can read.
func TestCountOfWriteTimeout(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.Pair()
		big := make([]byte, 64<<20)
		both.ExpireWhenFull(s, c)
		n, err := c.Write(big)
		require.NoError(s, c.Close())
		received, peerErr := io.Copy(io.Discard, peer)
		return both.Results(n > 0, int64(n) == received, err, peerErr)
	})
}
