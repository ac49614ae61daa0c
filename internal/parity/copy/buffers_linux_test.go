package copy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// The tests here compare Buffers with package net's.

func split(pieces ...string) (b [][]byte) {
	for _, p := range pieces {
		b = append(b, []byte(p))
	}
	return b
}

// If this fails, a program that looks at its Buffers after WriteTo, to go on or to use
// them again, finds there what package net would not have left, or another error.
func TestBuffersLikeNet(t *testing.T) {
	buffers := map[string]func() [][]byte{
		"none":        func() [][]byte { return nil },
		"one":         func() [][]byte { return split("hello") },
		"several":     func() [][]byte { return split("a", "bc", "def") },
		"empty":       func() [][]byte { return split("", "") },
		"empty first": func() [][]byte { return split("", "", "a") },
		"empty last":  func() [][]byte { return split("a", "", "") },
		"empty among": func() [][]byte { return split("", "a", "", "bc", "") },
		"nil among":   func() [][]byte { return [][]byte{nil, []byte("a"), nil} },
	}
	states := map[string]func(s *both.Side, c, peer net.Conn){
		"open":          func(*both.Side, net.Conn, net.Conn) {},
		"closed":        func(s *both.Side, c, _ net.Conn) { c.Close() },
		"past deadline": func(s *both.Side, c, _ net.Conn) { c.SetDeadline(nettest.LongAgo) },
		"peer closed":   func(s *both.Side, _, peer net.Conn) { peer.Close() },
		"write side closed": func(s *both.Side, c, _ net.Conn) {
			if c, ok := c.(interface{ CloseWrite() error }); ok {
				c.CloseWrite()
			}
		},
	}
	for _, network := range []string{"tcp", "unix", "unixpacket", "udp"} {
		for name, make := range buffers {
			for state, reach := range states {
				if network == "tcp" && state == "peer closed" {
					continue // whether a write meets the reset is a matter of luck
				}
				t.Run(network+"/"+name+"/"+state, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						c, peer := bulkPair(s, network)
						reach(s, c, peer)
						b := make()
						whole := b
						n, err := s.WriteBuffers(&b, c)
						r := both.Results(n, err, fmt.Sprintf("left %q of %q", b, whole))
						if err == nil && n > 0 && state == "open" {
							p := make1k()
							got, err := peer.Read(p) // of packets, the one
							r = append(r, string(p[:got]), err)
						}
						return r
					})
				})
			}
		}
	}
}

func make1k() []byte { return make([]byte, 1<<10) }

func bulkPair(s *both.Side, network string) (c, peer net.Conn) {
	if network == "udp" {
		return s.UDPPair()
	}
	return s.StreamPair(network)
}

// If this fails, Buffers that are too many or too large for one call, or for a socket,
// are not cut where package net cuts them.
func TestManyBuffersLikeNet(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket", "udp"} {
		for _, count := range []int{1023, 1024, 1025, 3000} {
			t.Run(fmt.Sprint(network, count), func(t *testing.T) {
				both.Compare(t, func(s *both.Side) (r []any) {
					c, peer := bulkPair(s, network)
					var b [][]byte
					for i := range count {
						b = append(b, nil, []byte{byte(i)}, nil)
					}
					n, err := s.WriteBuffers(&b, c)
					r = both.Results(n, err, len(b))
					for sum := int64(0); sum < n; {
						p := make([]byte, 1<<16)
						got, err := peer.Read(p)
						require.NoError(s, err)
						if network != "tcp" && network != "unix" {
							r = append(r, got)
						}
						sum += int64(got)
					}
					return r
				})
			})
		}
	}
	both.Compare(t, func(s *both.Side) []any {
		c, _ := s.UDPPair()
		b := [][]byte{nil, make([]byte, 40_000), make([]byte, 40_000)}
		n, err := s.WriteBuffers(&b, c)
		return both.Results(n, err, len(b), len(b[0])) // too long a message
	})
}

// If this fails, what was written before a deadline is not what is gone from the
// Buffers, and a program that goes on sends something twice or not at all.
func TestPartialBuffersLikeNet(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, peer := s.StreamPair(network)
				c.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(4096)
				var b [][]byte
				var whole []byte
				for i := range 5000 {
					piece := bytes.Repeat([]byte{byte(i)}, i)
					b, whole = append(b, piece), append(whole, piece...)
				}
				both.ExpireWhenFull(s, c.(both.Stream))
				n, err := s.WriteBuffers(&b, c)
				require.NoError(s, c.Close())
				received, peerErr := io.ReadAll(peer)
				left := bytes.Join(b, nil)
				return both.Results(n > 0, err, int(n) == len(received), peerErr, bytes.Equal(whole, append(received, left...)),
					len(b) > 0 && len(b[0]) > 0)
			})
		})
	}
}

// If this fails, Buffers on a writer that knows nothing of them, or read from, behave
// unlike package net's.
func TestBuffersElsewhereLikeNet(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		for _, w := range []io.Writer{new(bytes.Buffer), failing{io.ErrClosedPipe}, failing{}} {
			b := split("", "abc", "", "de")
			n, err := s.WriteBuffers(&b, w)
			r = append(r, n, err, fmt.Sprintf("%q", b), fmt.Sprint(w))
		}
		b := split("", "abc", "", "de")
		read := io.Reader((*netpoller.Buffers)(&b))
		if s.Std {
			read = (*net.Buffers)(&b)
		}
		for range 4 {
			p := make([]byte, 2)
			n, err := read.Read(p)
			r = append(r, n, err, fmt.Sprintf("%q", b), string(p))
		}
		return r
	})
}
