package waiting

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Raw access to every type of connection and listener.

// rawPair returns a connection of a type, and a peer that it can write to and hear from.
var rawPairs = map[string]func(s *both.Side) (c, peer net.Conn){
	"TCPConn":              func(s *both.Side) (c, peer net.Conn) { return s.Pair() },
	"UnixConn, stream":     func(s *both.Side) (c, peer net.Conn) { return s.UnixPair("unix") },
	"UnixConn, packets":    func(s *both.Side) (c, peer net.Conn) { return s.UnixPair("unixpacket") },
	"UnixConn, datagrams":  func(s *both.Side) (c, peer net.Conn) { return s.UnixConns(unix.SOCK_DGRAM) },
	"UDPConn":              rawUDPPair,
	"TCPConn from a file":  func(s *both.Side) (c, peer net.Conn) { c, peer = s.Pair(); return again(s, c), peer },
	"UnixConn from a file": func(s *both.Side) (c, peer net.Conn) { c, peer = s.UnixPair("unix"); return again(s, c), peer },
}

// rawUDPPair returns two sockets that are each other's peer.
func rawUDPPair(s *both.Side) (c, peer net.Conn) {
	fds := [2]int{}
	sas := [2]unix.Sockaddr{}
	for i := range fds {
		f := s.BoundFile(unix.SOCK_DGRAM)
		fds[i] = int(f.Fd())
		var err error
		sas[i], err = unix.Getsockname(fds[i])
		require.NoError(s, err)
		defer func() {
			require.NoError(s, unix.Connect(fds[i], sas[1-i]))
			made, err := s.FileConn(f)
			require.NoError(s, err)
			s.Cleanup(func() { made.Close() })
			if i == 0 {
				c = made
			} else {
				peer = made
			}
		}()
	}
	return nil, nil
}

// again returns the connection that is made of c's file.
func again(s *both.Side, c net.Conn) net.Conn {
	again, err := s.FileConn(s.FileOf(c.(both.FileMaker)))
	require.NoError(s, err)
	s.Cleanup(func() { again.Close() })
	return again
}

// If this fails, a raw Read or Write does not wait, waits though there is something, or
// is called with another descriptor than the connection's.
func TestRawConnWaits(t *testing.T) {
	for name, pair := range rawPairs {
		t.Run(name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				c, peer := pair(s)
				raw := s.Raw(c)
				require.NoError(s, c.SetDeadline(nettest.Soon()))
				var b [8]byte
				var n, asked int
				read := s.Park(func() error {
					return raw.Read(func(fd uintptr) bool {
						asked++
						var err error
						n, _, err = unix.Recvfrom(int(fd), b[:], unix.MSG_DONTWAIT)
						return err != unix.EAGAIN
					})
				})
				_, err := peer.Write([]byte("there"))
				require.NoError(s, err)
				r := both.Results(<-read, string(b[:n]), asked >= 2)

				if name == "UDPConn" {
					return r // is never full
				}
				full := false
				write := s.Park(func() error {
					return raw.Write(func(fd uintptr) bool {
						for {
							_, err := unix.SendmsgN(int(fd), make([]byte, 1<<10), nil, nil, unix.MSG_DONTWAIT)
							if err != nil {
								full = true
								return false
							}
							if full {
								return true // there was room after the wait
							}
						}
					})
				})
				require.NoError(s, peer.SetReadDeadline(nettest.Soon()))
				go func() {
					for buf := make([]byte, 1<<16); ; {
						if _, err := peer.Read(buf); err != nil {
							return
						}
					}
				}()
				return append(r, <-write)
			})
		})
	}
}

// If this fails, raw access to a connection that is closed or past its deadline fails
// otherwise than package net's, or a Close or a deadline does not end one that waits.
func TestRawConnEnds(t *testing.T) {
	for name, pair := range rawPairs {
		for how, end := range map[string]func(c net.Conn) error{
			"Close":                func(c net.Conn) error { return c.Close() },
			"deadline in the past": func(c net.Conn) error { return c.SetDeadline(nettest.LongAgo) },
			"deadline comes":       func(c net.Conn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) []any {
					c, _ := pair(s)
					raw := s.Raw(c)
					never := func(uintptr) bool { return false }
					read := s.Park(func() error { return raw.Read(never) })
					write := s.Park(func() error { return raw.Write(never) })
					require.NoError(s, end(c))
					r := both.Results(<-read, <-write)
					calls := 0
					once := func(uintptr) bool { calls++; return true }
					r = append(r, raw.Read(once), raw.Write(once), raw.Control(func(uintptr) { calls++ }), calls)
					_, err := c.(syscall.Conn).SyscallConn()
					return append(r, err)
				})
			})
		}
	}
}

// If this fails, the descriptor that Control gives is not the connection's or the
// listener's, or a listener lets itself be read or written.
func TestRawConnControl(t *testing.T) {
	local := func(s *both.Side, raw syscall.RawConn) (name string) {
		require.NoError(s, raw.Control(func(fd uintptr) {
			switch sa, err := unix.Getsockname(int(fd)); sa := sa.(type) {
			case *unix.SockaddrInet4:
				require.NoError(s, err)
				name = (&net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}).String()
			case *unix.SockaddrUnix:
				name = sa.Name
				if name == "" {
					name = "@"
				}
			}
		}))
		return name
	}
	for name, pair := range rawPairs {
		t.Run(name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				c, _ := pair(s)
				return both.Results(local(s, s.Raw(c)) == c.LocalAddr().String(), both.Tell(c.LocalAddr()))
			})
		})
	}
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		t.Run(network+" listener", func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				var l net.Listener
				if network == "tcp" {
					l = s.Listener()
				} else {
					l = s.UnixListener(network, "server")
				}
				raw := s.Raw(l)
				calls := 0
				once := func(uintptr) bool { calls++; return true }
				r := both.Results(local(s, raw) == l.Addr().String(), raw.Read(once), raw.Write(once), calls)
				require.NoError(s, l.Close())
				return append(r, raw.Read(once), raw.Write(once), raw.Control(func(uintptr) { calls++ }), calls)
			})
		})
	}
}

// If this fails, Close does not wait for the function that has the descriptor, which
// might meet another socket then.
func TestRawConnCloseWaits(t *testing.T) {
	both.UnixSide(t, func(s *both.Side) []any {
		c, _ := s.UnixPair("unix")
		closed := make(chan error, 1)
		var sockErr error
		err := s.Raw(c).Control(func(fd uintptr) {
			go func() { closed <- c.Close() }()
			for c.SetDeadline(time.Time{}) == nil { // until it is closing
				time.Sleep(time.Millisecond)
			}
			require.Empty(s, closed)
			_, sockErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
		})
		return both.Results(err, sockErr, <-closed)
	})
}
