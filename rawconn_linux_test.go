package netpoller_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Raw access to every type of connection and listener.

// rawPair returns a connection of a type, and a peer that it can write to and hear from.
var rawPairs = map[string]func(s *side) (c, peer net.Conn){
	"TCPConn":              func(s *side) (c, peer net.Conn) { return s.pair() },
	"UnixConn, stream":     func(s *side) (c, peer net.Conn) { return s.unixPair("unix") },
	"UnixConn, packets":    func(s *side) (c, peer net.Conn) { return s.unixPair("unixpacket") },
	"UnixConn, datagrams":  func(s *side) (c, peer net.Conn) { return s.unixConns(unix.SOCK_DGRAM) },
	"UDPConn":              rawUDPPair,
	"TCPConn from a file":  func(s *side) (c, peer net.Conn) { c, peer = s.pair(); return s.again(c), peer },
	"UnixConn from a file": func(s *side) (c, peer net.Conn) { c, peer = s.unixPair("unix"); return s.again(c), peer },
}

// rawUDPPair returns two sockets that are each other's peer.
func rawUDPPair(s *side) (c, peer net.Conn) {
	fds := [2]int{}
	sas := [2]unix.Sockaddr{}
	for i := range fds {
		f := s.boundFile(unix.SOCK_DGRAM)
		fds[i] = int(f.Fd())
		var err error
		sas[i], err = unix.Getsockname(fds[i])
		require.NoError(s, err)
		defer func() {
			require.NoError(s, unix.Connect(fds[i], sas[1-i]))
			made, err := s.fileConn(f)
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
func (s *side) again(c net.Conn) net.Conn {
	again, err := s.fileConn(s.fileOf(c.(fileMaker)))
	require.NoError(s, err)
	s.Cleanup(func() { again.Close() })
	return again
}

func (s *side) raw(c any) syscall.RawConn {
	s.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	require.NoError(s, err)
	return raw
}

// If this fails, a raw Read or Write does not wait, waits though there is something, or
// is called with another descriptor than the connection's.
func TestRawConnWaits(t *testing.T) {
	for name, pair := range rawPairs {
		t.Run(name, func(t *testing.T) {
			unixSide(t, func(s *side) []any {
				c, peer := pair(s)
				raw := s.raw(c)
				require.NoError(s, c.SetDeadline(soon()))
				var b [8]byte
				var n, asked int
				read := s.park(func() error {
					return raw.Read(func(fd uintptr) bool {
						asked++
						var err error
						n, _, err = unix.Recvfrom(int(fd), b[:], unix.MSG_DONTWAIT)
						return err != unix.EAGAIN
					})
				})
				_, err := peer.Write([]byte("there"))
				require.NoError(s, err)
				r := results(<-read, string(b[:n]), asked >= 2)

				if name == "UDPConn" {
					return r // is never full
				}
				full := false
				write := s.park(func() error {
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
				require.NoError(s, peer.SetReadDeadline(soon()))
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
			"deadline in the past": func(c net.Conn) error { return c.SetDeadline(longAgo) },
			"deadline comes":       func(c net.Conn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				unixSide(t, func(s *side) []any {
					c, _ := pair(s)
					raw := s.raw(c)
					never := func(uintptr) bool { return false }
					read := s.park(func() error { return raw.Read(never) })
					write := s.park(func() error { return raw.Write(never) })
					require.NoError(s, end(c))
					r := results(<-read, <-write)
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
	local := func(s *side, raw syscall.RawConn) (name string) {
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
			unixSide(t, func(s *side) []any {
				c, _ := pair(s)
				return results(local(s, s.raw(c)) == c.LocalAddr().String(), tell(c.LocalAddr()))
			})
		})
	}
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		t.Run(network+" listener", func(t *testing.T) {
			unixSide(t, func(s *side) []any {
				var l net.Listener
				if network == "tcp" {
					l = s.listener()
				} else {
					l = s.unixListener(network, "server")
				}
				raw := s.raw(l)
				calls := 0
				once := func(uintptr) bool { calls++; return true }
				r := results(local(s, raw) == l.Addr().String(), raw.Read(once), raw.Write(once), calls)
				require.NoError(s, l.Close())
				return append(r, raw.Read(once), raw.Write(once), raw.Control(func(uintptr) { calls++ }), calls)
			})
		})
	}
}

// If this fails, Close does not wait for the function that has the descriptor, which
// might meet another socket then.
func TestRawConnCloseWaits(t *testing.T) {
	unixSide(t, func(s *side) []any {
		c, _ := s.unixPair("unix")
		closed := make(chan error, 1)
		var sockErr error
		err := s.raw(c).Control(func(fd uintptr) {
			go func() { closed <- c.Close() }()
			for c.SetDeadline(time.Time{}) == nil { // until it is closing
				time.Sleep(time.Millisecond)
			}
			require.Empty(s, closed)
			_, sockErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
		})
		return results(err, sockErr, <-closed)
	})
}
