package netpoller_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// The tests here compare Buffers with package net's.

// streamPair returns both ends of a connection of a network: tcp, unix or unixpacket.
func (s *side) streamPair(network string) (c, peer net.Conn) {
	s.Helper()
	if network == "tcp" {
		return s.pair()
	}
	listen, dial := netpoller.Listen, netpoller.Dial
	if s.std {
		listen, dial = net.Listen, net.Dial
	}
	l, err := listen(network, fmt.Sprintf("@netpoller-bulk-%d", os.Getpid()))
	require.NoError(s, err)
	defer l.Close()
	c, err = dial(network, l.Addr().String())
	require.NoError(s, err)
	peer, err = l.Accept()
	require.NoError(s, err)
	s.Cleanup(func() { c.Close(); peer.Close() })
	return c, peer
}

// udpPair returns a UDP socket with a peer, and the peer.
func (s *side) udpPair() (c, peer net.Conn) {
	s.Helper()
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(s, err)
	if s.std {
		c, err = net.Dial("udp4", l.LocalAddr().String())
	} else {
		c, err = netpoller.Dial("udp4", l.LocalAddr().String())
	}
	require.NoError(s, err)
	s.Cleanup(func() { c.Close(); l.Close() })
	return c, l.(*net.UDPConn)
}

// writeBuffers writes b by the Buffers of this side.
func (s *side) writeBuffers(b *[][]byte, w io.Writer) (int64, error) {
	if s.std {
		return (*net.Buffers)(b).WriteTo(w)
	}
	return (*netpoller.Buffers)(b).WriteTo(w)
}

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
	states := map[string]func(s *side, c, peer net.Conn){
		"open":          func(*side, net.Conn, net.Conn) {},
		"closed":        func(s *side, c, _ net.Conn) { c.Close() },
		"past deadline": func(s *side, c, _ net.Conn) { c.SetDeadline(longAgo) },
		"peer closed":   func(s *side, _, peer net.Conn) { peer.Close() },
		"write side closed": func(s *side, c, _ net.Conn) {
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
					compare(t, func(s *side) []any {
						c, peer := s.bulkPair(network)
						reach(s, c, peer)
						b := make()
						whole := b
						n, err := s.writeBuffers(&b, c)
						r := results(n, err, fmt.Sprintf("left %q of %q", b, whole))
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

func (s *side) bulkPair(network string) (c, peer net.Conn) {
	if network == "udp" {
		return s.udpPair()
	}
	return s.streamPair(network)
}

// If this fails, Buffers that are too many or too large for one call, or for a socket,
// are not cut where package net cuts them.
func TestManyBuffersLikeNet(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket", "udp"} {
		for _, count := range []int{1023, 1024, 1025, 3000} {
			t.Run(fmt.Sprint(network, count), func(t *testing.T) {
				compare(t, func(s *side) (r []any) {
					c, peer := s.bulkPair(network)
					var b [][]byte
					for i := range count {
						b = append(b, nil, []byte{byte(i)}, nil)
					}
					n, err := s.writeBuffers(&b, c)
					r = results(n, err, len(b))
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
	compare(t, func(s *side) []any {
		c, _ := s.udpPair()
		b := [][]byte{nil, make([]byte, 40_000), make([]byte, 40_000)}
		n, err := s.writeBuffers(&b, c)
		return results(n, err, len(b), len(b[0])) // too long a message
	})
}

// If this fails, what was written before a deadline is not what is gone from the
// Buffers, and a program that goes on sends something twice or not at all.
func TestPartialBuffersLikeNet(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			compare(t, func(s *side) []any {
				c, peer := s.streamPair(network)
				c.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(4096)
				var b [][]byte
				var whole []byte
				for i := range 5000 {
					piece := bytes.Repeat([]byte{byte(i)}, i)
					b, whole = append(b, piece), append(whole, piece...)
				}
				expireWhenFull(s, c.(stream))
				n, err := s.writeBuffers(&b, c)
				require.NoError(s, c.Close())
				received, peerErr := io.ReadAll(peer)
				left := bytes.Join(b, nil)
				return results(n > 0, err, int(n) == len(received), peerErr, bytes.Equal(whole, append(received, left...)),
					len(b) > 0 && len(b[0]) > 0)
			})
		})
	}
}

// If this fails, Buffers on a writer that knows nothing of them, or read from, behave
// unlike package net's.
func TestBuffersElsewhereLikeNet(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		for _, w := range []io.Writer{new(bytes.Buffer), failing{io.ErrClosedPipe}, failing{}} {
			b := split("", "abc", "", "de")
			n, err := s.writeBuffers(&b, w)
			r = append(r, n, err, fmt.Sprintf("%q", b), fmt.Sprint(w))
		}
		b := split("", "abc", "", "de")
		read := io.Reader((*netpoller.Buffers)(&b))
		if s.std {
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
