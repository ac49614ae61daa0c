package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A packet must arrive whole, with its sender as package net has it, over every network
// and with every pair of methods, and so must the answer.
func TestUDPExchange(t *testing.T) {
	writes := map[string]func(c both.UDPConn, b []byte, to netip.AddrPort) (int, error){
		"WriteTo": func(c both.UDPConn, b []byte, to netip.AddrPort) (int, error) {
			return c.WriteTo(b, net.UDPAddrFromAddrPort(to))
		},
		"WriteToUDPAddrPort": func(c both.UDPConn, b []byte, to netip.AddrPort) (int, error) { return c.WriteToUDPAddrPort(b, to) },
		"WriteMsgUDP": func(c both.UDPConn, b []byte, to netip.AddrPort) (int, error) {
			n, _, err := c.WriteMsgUDP(b, nil, net.UDPAddrFromAddrPort(to))
			return n, err
		},
		"WriteMsgUDPAddrPort": func(c both.UDPConn, b []byte, to netip.AddrPort) (int, error) {
			n, _, err := c.WriteMsgUDPAddrPort(b, nil, to)
			return n, err
		},
	}
	reads := map[string]func(c both.UDPConn, b []byte) (int, any, error){
		"ReadFrom":    func(c both.UDPConn, b []byte) (int, any, error) { n, a, err := c.ReadFrom(b); return n, a, err },
		"ReadFromUDP": func(c both.UDPConn, b []byte) (int, any, error) { n, a, err := c.ReadFromUDP(b); return n, a, err },
		"ReadFromUDPAddrPort": func(c both.UDPConn, b []byte) (int, any, error) {
			n, a, err := c.ReadFromUDPAddrPort(b)
			return n, a, err
		},
		"ReadMsgUDP": func(c both.UDPConn, b []byte) (int, any, error) {
			n, _, _, a, err := c.ReadMsgUDP(b, nil)
			return n, a, err
		},
		"ReadMsgUDPAddrPort": func(c both.UDPConn, b []byte) (int, any, error) {
			n, _, _, a, err := c.ReadMsgUDPAddrPort(b, nil)
			return n, a, err
		},
	}
	routes := []struct{ network, local, to string }{
		{"udp4", "127.0.0.1:0", "127.0.0.1"},
		{"udp4", ":0", "::ffff:127.0.0.1"},
		{"udp", ":0", "127.0.0.1"},
		{"udp", ":0", "::ffff:127.0.0.1"},
		{"udp", ":0", "::1"},
		{"udp", "0.0.0.0:0", "::1"},
		{"udp", "[::]:0", "127.0.0.1"},
		{"udp6", "[::1]:0", "::1"},
		{"udp6", ":0", "::1"},
	}
	for _, route := range routes {
		for write, writeTo := range writes {
			for read, readFrom := range reads {
				t.Run(fmt.Sprint(route, write, read), func(t *testing.T) {
					both.Compare(t, func(s *both.Side) (r []any) {
						c, peer := s.UDP(route.network, route.local, "OURS"), s.UDP(route.network, route.local, "PEER")
						for _, dir := range [][2]both.UDPConn{{c, peer}, {peer, c}} {
							to := dir[1].LocalAddr().(*net.UDPAddr)
							for _, size := range []int{0, 1, 1500, 65507} {
								n, err := writeTo(dir[0], make([]byte, size), netip.AddrPortFrom(netip.MustParseAddr(route.to), uint16(to.Port)))
								var foreign *net.AddrError
								if errors.As(err, &foreign) { // Go 1.25.0 refuses an IPv4 address that is mapped into IPv6
									return append(r, n, err)
								}
								require.NoError(s, err)
								require.Equal(s, size, n)
								n, from, err := readFrom(dir[1], make([]byte, 1<<16))
								require.NoError(s, err)
								require.Equal(s, size, n)
								r = append(r, both.Exact(from))
							}
						}
						return append(r, both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))
					})
				})
			}
		}
	}
}

// A connected socket must hear its peer alone and name it, whatever method reads.
func TestUDPConnected(t *testing.T) {
	for _, route := range [][2]string{{"udp4", "127.0.0.1:0"}, {"udp", "127.0.0.1:0"}, {"udp", "[::1]:0"}, {"udp6", "[::1]:0"}} {
		t.Run(route[0]+" "+route[1], func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				peer, stranger := s.UDP(route[0], route[1], "PEER"), s.UDP(route[0], route[1], "STRANGER")
				c := s.ConnectedUDP(route[0], peer.LocalAddr(), "OURS")
				_, err := stranger.WriteTo([]byte("stranger"), c.LocalAddr())
				require.NoError(s, err)
				both.Send(s, peer, c, "one")
				both.Send(s, peer, c, "two")
				both.Send(s, peer, c, "three")
				b := make([]byte, 16)
				n, err := c.Read(b)
				n2, from2, err2 := c.ReadFromUDP(b[n:])
				n3, oobn3, flags3, from3, err3 := c.ReadMsgUDPAddrPort(b[n+n2:], nil)
				n4, err4 := c.Write([]byte("answer"))
				n5, from5, err5 := peer.ReadFromUDP(make([]byte, 16))
				return both.Results(n, err, n2, both.Exact(from2), err2, n3, oobn3, flags3, both.Exact(from3), err3, n4, err4, n5, both.Exact(from5), err5,
					string(b), both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()), both.Exact(peer.RemoteAddr()))
			})
		})
	}
}

// A packet larger than the buffer must be cut, with the flag that says so, and what was
// cut off must not be the next packet.
func TestUDPTruncation(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.UDP("udp4", "127.0.0.1:0", "OURS"), s.UDP("udp4", "127.0.0.1:0", "PEER")
		for range 4 {
			both.Send(s, peer, c, "hello")
		}
		both.Send(s, peer, c, "end")
		b := make([]byte, 4)
		n, err := c.Read(b)
		n2, from2, err2 := c.ReadFrom(b[:1])
		n3, oobn3, flags3, from3, err3 := c.ReadMsgUDP(b[:2], nil)
		n4, from4, err4 := c.ReadFromUDPAddrPort(nil)
		n5, _, flags5, _, err5 := c.ReadMsgUDP(b, nil)
		return both.Results(n, err, n2, both.Exact(from2), err2, n3, oobn3, flags3, both.Exact(from3), err3, n4, both.Exact(from4), err4, n5, flags5, err5)
	})
}

// A Read into nothing must leave the packet where it is, and one into something read an
// empty packet as what it is, not as an end.
func TestUDPNothing(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		peer := s.UDP("udp4", "127.0.0.1:0", "PEER")
		c := s.ConnectedUDP("udp4", peer.LocalAddr(), "OURS")
		n, err := c.Read(nil) // although nothing is there
		both.Send(s, peer, c, "")
		both.Send(s, peer, c, "hello")
		n2, err2 := c.Read(nil)
		n3, err3 := c.Read(make([]byte, 8))
		n4, err4 := c.Read(make([]byte, 8))
		return both.Results(n, err, n2, err2, n3, err3, n4, err4)
	})
}

// Control messages must go both ways: here the address that a packet was sent to, and
// the one to send from.
func TestUDPControlMessages(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.UDP("udp4", ":0", "OURS"), s.UDP("udp4", "127.0.0.1:0", "PEER")
		nettest.SetOption(s, c, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		_, err := peer.WriteToUDP([]byte("hello"), &net.UDPAddr{IP: net.IPv4(127, 1, 2, 3), Port: c.LocalAddr().(*net.UDPAddr).Port})
		require.NoError(s, err)
		b, oob := make([]byte, 8), make([]byte, 64)
		n, oobn, flags, from, err := c.ReadMsgUDPAddrPort(b, oob)
		require.NoError(s, err)
		messages, err := unix.ParseSocketControlMessage(oob[:oobn])
		require.NoError(s, err)
		_, err = peer.WriteToUDP([]byte("hello"), c.LocalAddr().(*net.UDPAddr))
		require.NoError(s, err)
		n2, oobn2, flags2, from2, err2 := c.ReadMsgUDP(b, oob[:4]) // no room

		source := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte{127, 3, 2, 1}})
		n3, oobn3, err3 := c.WriteMsgUDPAddrPort([]byte("from"), source, from)
		n4, from4, err4 := peer.ReadFromUDP(b)
		n5, oobn5, err5 := c.WriteMsgUDP(nil, source, net.UDPAddrFromAddrPort(from))
		n6, from6, err6 := peer.ReadFromUDP(b)
		return both.Results(n, flags, both.Exact(from), messages, n2, oobn2, flags2, both.Exact(from2), err2,
			n3, oobn3, err3, n4, both.Exact(from4), err4, n5, oobn5, err5, n6, both.Exact(from6), err6)
	})
}

// An operation that waits for a packet must be ended by a deadline, set before or meanwhile, by
// Close, or by the news that nobody is there, and then say so as package net does.
func TestErrorsOfUDPWaiting(t *testing.T) {
	operations := map[string]func(c both.UDPConn) error{
		"Read":             func(c both.UDPConn) error { _, err := c.Read(make([]byte, 8)); return err },
		"ReadFrom":         func(c both.UDPConn) error { _, a, err := c.ReadFrom(make([]byte, 8)); return ifNo(a == nil, err) },
		"ReadFrom nothing": func(c both.UDPConn) error { _, a, err := c.ReadFrom(nil); return ifNo(a == nil, err) },
		"ReadFromUDP":      func(c both.UDPConn) error { _, a, err := c.ReadFromUDP(make([]byte, 8)); return ifNo(a == nil, err) },
		"ReadFromUDPAddrPort": func(c both.UDPConn) error {
			_, a, err := c.ReadFromUDPAddrPort(make([]byte, 8))
			return ifNo(!a.IsValid(), err)
		},
		"ReadMsgUDP": func(c both.UDPConn) error {
			_, _, _, _, err := c.ReadMsgUDP(make([]byte, 8), make([]byte, 8))
			return err
		},
		"ReadMsgUDPAddrPort": func(c both.UDPConn) error { _, _, _, _, err := c.ReadMsgUDPAddrPort(nil, nil); return err },
		"RawConn.Read": func(c both.UDPConn) error {
			raw, _ := c.SyscallConn()
			return raw.Read(func(uintptr) bool { return false })
		},
	}
	ends := map[string]func(c both.UDPConn) error{
		"deadline comes":       func(c both.UDPConn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		"read deadline comes":  func(c both.UDPConn) error { return c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) },
		"deadline in the past": func(c both.UDPConn) error { return c.SetDeadline(nettest.LongAgo) },
		"Close":                func(c both.UDPConn) error { return c.Close() },
		"refused":              func(c both.UDPConn) error { _, err := c.Write([]byte("anybody?")); return err },
	}
	for name, operate := range operations {
		for how, end := range ends {
			for _, connected := range []bool{true, false} {
				if how == "refused" && (name == "RawConn.Read" || !connected) {
					continue // it waits on
				}
				t.Run(fmt.Sprint(name, "/", how, "/", connected), func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						var c both.UDPConn
						if connected {
							c = s.ConnectedUDP("udp", s.Deaf("udp4", "127.0.0.1"), "OURS")
						} else {
							c = s.UDP("udp", "127.0.0.1:0", "OURS")
						}
						err := s.Park(func() error { return operate(c) })
						require.NoError(s, end(c))
						return both.Results(<-err)
					})
				})
			}
		}
	}
}

// ifNo returns err if it holds that nothing else was returned.
func ifNo(holds bool, err error) error {
	if !holds {
		return fmt.Errorf("an address came with %w", err)
	}
	return err
}

// A deadline must not eat the packet that comes after it, and one that is taken back
// must not end the wait.
func TestUDPAfterDeadline(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.UDP("udp4", "127.0.0.1:0", "OURS"), s.UDP("udp4", "127.0.0.1:0", "PEER")
		require.NoError(s, c.SetReadDeadline(nettest.LongAgo))
		both.Send(s, peer, c, "hello")
		_, _, err := c.ReadFrom(make([]byte, 8))
		require.NoError(s, c.SetReadDeadline(time.Time{}))
		n2, from2, err2 := c.ReadFrom(make([]byte, 8))

		require.NoError(s, c.SetReadDeadline(time.Now().Add(time.Hour)))
		n3, from3, err3 := 0, (*net.UDPAddr)(nil), error(nil)
		done := s.Park(func() error { n3, from3, err3 = c.ReadFromUDP(make([]byte, 8)); return nil })
		require.NoError(s, c.SetReadDeadline(time.Time{}))
		send2(s, peer, c)
		<-done
		return both.Results(err, n2, both.Exact(from2), err2, n3, both.Exact(from3), err3)
	})
}

// send2 sends to a peer that reads already.
func send2(s *both.Side, peer, c both.UDPConn) {
	s.Helper()
	_, err := peer.WriteTo([]byte("late"), c.LocalAddr())
	require.NoError(s, err)
}

// Every reader that waits must get one of the packets, none twice.
func TestUDPManyReaders(t *testing.T) {
	const readers = 20
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.UDP("udp4", "127.0.0.1:0", "OURS"), s.UDP("udp4", "127.0.0.1:0", "PEER")
		got := make(chan byte, readers)
		for range readers {
			go func() {
				b := make([]byte, 1)
				if n, _, err := c.ReadFrom(b); n == 1 && err == nil {
					got <- b[0]
				} else {
					got <- 255
				}
			}()
		}
		for i := range byte(readers) {
			_, err := peer.WriteTo([]byte{i}, c.LocalAddr())
			require.NoError(s, err)
		}
		var seen [readers]int
		for range readers {
			seen[<-got]++
		}
		return both.Results(seen)
	})
}

// That nobody listens must be told to a connected socket once, at the next operation of
// either kind, and to one without a peer never.
func TestUDPRefused(t *testing.T) {
	for _, route := range [][2]string{{"udp4", "127.0.0.1"}, {"udp6", "::1"}} {
		both.Compare(t, func(s *both.Side) (r []any) {
			deaf := s.Deaf(route[0], route[1])
			c := s.ConnectedUDP("udp", deaf, "OURS")
			for _, op := range []func() error{
				func() error { _, err := c.Read(make([]byte, 8)); return err },
				func() error { _, err := c.Write([]byte("again")); return err },
				func() error { _, _, err := c.ReadFromUDPAddrPort(make([]byte, 8)); return err },
				func() error { _, _, err := c.WriteMsgUDP([]byte("again"), nil, nil); return err },
				func() error { _, _, _, _, err := c.ReadMsgUDP(make([]byte, 8), nil); return err },
			} {
				_, err := c.Write([]byte("anybody?"))
				require.NoError(s, err)
				nettest.AwaitEvents(s, c, unix.POLLERR)
				r = append(r, op())
			}
			open := s.UDP(route[0], net.JoinHostPort(route[1], "0"), "OPEN")
			for range 3 {
				_, err := open.WriteTo([]byte("anybody?"), deaf)
				r = append(r, err)
			}
			return r
		})
	}
}

// A Write that finds no room must wait until there is some, and a packet is never cut.
func TestUDPWriteWaits(t *testing.T) {
	// The loopback interface takes 100 Mbit/s, and a socket holds what it has not taken.
	if !nettest.RerunAlone(t, "tc qdisc add dev lo root tbf rate 100mbit burst 10kb latency 10s") {
		return
	}
	both.Compare(t, func(s *both.Side) []any {
		c := s.ConnectedUDP("udp4", s.UDP("udp4", "127.0.0.1:0", "PEER").LocalAddr(), "OURS")
		require.NoError(s, c.SetWriteBuffer(4096))
		cut := 0
		for range 200 {
			n, err := c.Write(make([]byte, 1400))
			require.NoError(s, err)
			if n != 1400 {
				cut++
			}
		}
		return both.Results(cut)
	})
}

// Control hooks must be told the family of the socket and the address, before it is
// bound, and their error must end it.
func TestUDPControlHook(t *testing.T) {
	for _, route := range [][2]string{{"udp", "127.0.0.1:0"}, {"udp", ":0"}, {"udp4", ":0"}, {"udp6", "[::1]:0"}, {"udp", "224.0.0.254:0"}, {"udp", "[::1]:99999"}} {
		t.Run(route[0]+" "+route[1], func(t *testing.T) {
			both.Compare(t, func(s *both.Side) (r []any) {
				hook := func(network, address string, c syscall.RawConn) error {
					r = append(r, network, address, c.Control(func(fd uintptr) {
						sa, err := unix.Getsockname(int(fd))
						if sa, ok := sa.(*unix.SockaddrInet4); ok {
							r = append(r, "port", sa.Port)
						}
						r = append(r, err)
					}))
					return nil
				}
				c, err := s.ListenPacket(net.ListenConfig{Control: hook}, route[0], route[1])
				r = append(r, err)
				if err == nil {
					c.Close()
				}
				d, err := s.Dial(context.Background(), net.Dialer{Control: hook}, route[0], "127.0.0.1:9")
				r = append(r, err)
				if err == nil {
					d.Close()
				}
				_, err = s.ListenPacket(net.ListenConfig{Control: func(string, string, syscall.RawConn) error {
					return errors.New("no")
				}}, route[0], route[1])
				return append(r, err)
			})
		})
	}
}

// A dial must go from LocalAddr, and refuse one of another kind, as package net's.
func TestUDPDialLocalAddr(t *testing.T) {
	for _, local := range []net.Addr{&net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, &net.UDPAddr{}, (*net.UDPAddr)(nil),
		&net.UDPAddr{IP: net.IPv6loopback}, &net.TCPAddr{}, &net.IPAddr{}, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 9)}} {
		for _, address := range []string{"127.0.0.1:9", "[::1]:9", ":9", "0.0.0.0:9", "[::]:9", "localhost:9", "", "127.0.0.1:0"} {
			both.Compare(t, func(s *both.Side) []any {
				c, err := s.Dial(context.Background(), net.Dialer{LocalAddr: local}, "udp", address)
				if err != nil {
					return both.Results(err)
				}
				defer c.Close()
				return both.Results(both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))
			})
		}
	}
}

// A file of the socket must be the same socket, and closing one of them leave the
// other.
func TestUDPFile(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		peer := s.UDP("udp4", "127.0.0.1:0", "PEER")
		c := s.ConnectedUDP("udp4", peer.LocalAddr(), "OURS")
		f, err := c.File()
		require.NoError(s, err)
		defer f.Close()
		copied, err := s.FileConn(f)
		require.NoError(s, err)
		defer copied.Close()
		packets, err := s.FilePacketConn(f)
		require.NoError(s, err)
		defer packets.Close()
		require.NoError(s, c.Close())
		both.Send(s, peer, copied.(both.UDPConn), "one")
		both.Send(s, peer, copied.(both.UDPConn), "two")
		b := make([]byte, 8)
		n, err := copied.Read(b)
		n2, from2, err2 := packets.ReadFrom(b[n:])
		n3, err3 := copied.Write([]byte("three"))
		n4, from4, err4 := peer.ReadFrom(b[n+n2:])
		n5, err5 := packets.WriteTo([]byte("five"), peer.LocalAddr())
		_, _, err6 := copied.(both.UDPConn).WriteMsgUDP([]byte("six"), nil, nil)
		return both.Results(both.NameOf(f, true), n, err, n2, both.Exact(from2), err2, n3, err3, n4, both.Exact(from4), err4, n5, err5, err6,
			both.Exact(copied.LocalAddr()), both.Exact(copied.RemoteAddr()), both.Exact(packets.LocalAddr()))
	})
}
