//go:build linux

package fd

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// udpPair returns a UDP socket whose peer, which has it for its own peer, is bare. Each
// operation of packets can be tried with it: the address to send to is the peer's.
func udpPair(t testing.TB, g *poller.Group) (fd *FD, far *peer, to *sys.RawAddr) {
	t.Helper()
	var socks [2]int
	var addrs [2]*syscall.SockaddrInet4
	for i := range socks {
		s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
		ok(t, err)
		ok(t, syscall.Bind(s, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		sa, err := syscall.Getsockname(s)
		ok(t, err)
		socks[i], addrs[i] = s, sa.(*syscall.SockaddrInet4)
	}
	ok(t, syscall.Connect(socks[1], addrs[0]))
	ok(t, syscall.SetNonblock(socks[0], true))
	to = new(sys.RawAddr)
	to.SetInet4(addrs[1].Addr, addrs[1].Port)
	return newFD(t, g, socks[0], KindPacket), newPeer(t, socks[1]), to
}

// packetReads are the operations that receive a packet.
var packetReads = map[string]func(fd *FD, p []byte) (int, error){
	"Read":     (*FD).Read,
	"ReadFrom": func(fd *FD, p []byte) (int, error) { return fd.ReadFrom(p, new(sys.RawAddr)) },
	"ReadMsg": func(fd *FD, p []byte) (int, error) {
		n, _, _, err := fd.ReadMsg(p, nil, 0, new(sys.RawAddr))
		return n, err
	},
	"ReadMsg with control": func(fd *FD, p []byte) (int, error) {
		n, _, _, err := fd.ReadMsg(p, make([]byte, 64), 0, new(sys.RawAddr))
		return n, err
	},
	"ReadBatch": func(fd *FD, p []byte) (int, error) {
		b := batch(p)
		defer b.Free()
		packets, err := fd.ReadBatch(b, 0)
		if packets == 0 {
			return 0, err
		}
		n, _, _ := b.Packet(0)
		return n, err
	},
}

// packetWrites are the operations that send one.
var packetWrites = map[string]func(fd *FD, p []byte, to *sys.RawAddr) (int, error){
	"WriteTo": (*FD).WriteTo,
	"WriteMsg": func(fd *FD, p []byte, to *sys.RawAddr) (int, error) {
		n, _, err := fd.WriteMsg(p, nil, to)
		return n, err
	},
	"WriteBatch": func(fd *FD, p []byte, to *sys.RawAddr) (int, error) {
		b := batch()
		defer b.Free()
		*b.Add([][]byte{p}, nil) = *to
		packets, err := fd.WriteBatch(b, 0)
		if packets == 0 {
			return 0, err
		}
		n, _, _ := b.Packet(0)
		return n, err
	},
}

// batch returns packets of one buffer each, and has room for one more.
func batch(packets ...[]byte) *sys.Batch {
	b := sys.NewBatch(len(packets)+1, len(packets)+1)
	for _, p := range packets {
		b.Add([][]byte{p}, nil)
	}
	return b
}

// Packets of any size, none included, must come whether they are there already or
// waited for, in order, and not be taken for an end.
func TestPacketReads(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, read := range packetReads {
			t.Run(name, func(t *testing.T) {
				fd, far, _ := udpPair(t, g)
				buf := make([]byte, 8)
				expect := func(want string) func() error {
					return func() error {
						if n, err := read(fd, buf); err != nil || string(buf[:n]) != want {
							t.Errorf("%q, %v, want %q", buf[:n], err, want)
						}
						return nil
					}
				}
				for _, want := range []string{"one", "", "two", "", "", "a full 8"} {
					sent := want
					if want == "a full 8" {
						sent += "and more"
					}
					far.packet(sent)
					returns(t, name, func() { expect(want)() })

					got := async(expect(want))
					parked(t, g, 1, 0)
					far.packet(sent)
					ok(t, result(t, name, got))
				}
			})
		}
	})
}

// packet sends one packet, of no bytes too.
func (p *peer) packet(data string) {
	p.t.Helper()
	ok(p.t, syscall.Sendto(p.sysfd, []byte(data), 0, nil))
}

// A short read of packets must not be taken for an empty socket: the second packet's
// edge came before the first was read.
func TestPacketsShortReadRule(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, read := range packetReads {
			fd, far, _ := udpPair(t, g)
			for range 3 {
				far.packet("x")
			}
			for range 3 {
				returns(t, name, func() {
					if n, err := read(fd, make([]byte, 100)); n != 1 || err != nil {
						t.Errorf("%d, %v", n, err)
					}
				})
			}
		}
	})
}

// After EAGAIN an operation must wait for an edge and then ask again, once.
func TestPacketsWouldBlock(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, read := range packetReads {
			fd, far, _ := udpPair(t, g)
			r := watch(t, fd.sysfd, firstFail(sys.CallRead, 1, syscall.EAGAIN))
			got := async(func() error { _, err := read(fd, make([]byte, 8)); return err })
			parked(t, g, 1, 0)
			far.packet("hello")
			ok(t, result(t, name, got))
			if n := r.of(sys.CallRead); n < 2 || n > 3 {
				t.Errorf("%s: %d calls", name, n)
			}
		}
		for name, write := range packetWrites {
			fd, far, to := udpPair(t, g)
			w := watch(t, fd.sysfd, firstFail(sys.CallWrite, 1, syscall.EAGAIN))
			wrote := async(func() error { _, err := write(fd, []byte("world"), to); return err })
			eventually(t, "first call", func() bool { return w.of(sys.CallWrite) > 0 })
			far.packet("x") // an edge, which reports that there is room too
			ok(t, result(t, name, wrote))
			if got := far.recv(5); got != "world" {
				t.Errorf("%s: %q", name, got)
			}
		}
	})
}

// An operation on packets must be ended by its own side's deadline, past or to come, and
// by Close, and none of them call the kernel then.
func TestPacketsEnd(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	buf := make([]byte, 8)
	for name, read := range packetReads {
		t.Run(name, func(t *testing.T) {
			fd, far, _ := udpPair(t, g)
			far.packet("x")
			ok(t, fd.SetWriteDeadline(longAgo))
			if _, err := read(fd, buf); err != nil {
				t.Errorf("%s: write deadline: %v", name, err)
			}
			got := async(func() error { _, err := read(fd, buf); return err })
			parked(t, g, 1, 0)
			ok(t, fd.SetReadDeadline(time.Now().Add(time.Millisecond)))
			if err := result(t, name, got); err != os.ErrDeadlineExceeded {
				t.Errorf("%s: %v", name, err)
			}
			far.packet("x")
			c := watch(t, fd.sysfd, nil)
			if n, err := read(fd, buf); n != 0 || err != os.ErrDeadlineExceeded || c.of(sys.CallRead) != 0 {
				t.Errorf("%s: %d, %v after %d calls", name, n, err, c.of(sys.CallRead))
			}
			ok(t, fd.SetReadDeadline(time.Time{}))
			if n, err := read(fd, buf); n != 1 || err != nil {
				t.Errorf("%s: %d, %v", name, n, err)
			}
			got = async(func() error { _, err := read(fd, buf); return err })
			parked(t, g, 1, 0)
			ok(t, fd.Close())
			if err := result(t, name, got); err != net.ErrClosed {
				t.Errorf("%s: %v", name, err)
			}
			if n, err := read(fd, buf); n != 0 || err != net.ErrClosed {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		})
	}
	for name, write := range packetWrites {
		t.Run(name, func(t *testing.T) {
			fd, _, to := udpPair(t, g)
			ok(t, fd.SetReadDeadline(longAgo))
			if n, err := write(fd, buf, to); n != 8 || err != nil {
				t.Errorf("%s: read deadline: %d, %v", name, n, err)
			}
			ok(t, fd.SetWriteDeadline(longAgo))
			c := watch(t, fd.sysfd, func(call sys.Call) error {
				if call == sys.CallWrite {
					return syscall.EAGAIN
				}
				return nil
			})
			if n, err := write(fd, buf, to); n != 0 || err != os.ErrDeadlineExceeded || c.of(sys.CallWrite) != 0 {
				t.Errorf("%s: %d, %v after %d calls", name, n, err, c.of(sys.CallWrite))
			}
			ok(t, fd.SetWriteDeadline(time.Time{}))
			for _, end := range []struct {
				f    func() error
				want error
			}{
				{func() error { return fd.SetWriteDeadline(time.Now().Add(time.Millisecond)) }, os.ErrDeadlineExceeded},
				{fd.Close, net.ErrClosed},
			} {
				ok(t, fd.SetWriteDeadline(time.Time{}))
				wrote := async(func() error { _, err := write(fd, buf, to); return err })
				parked(t, g, 0, 1)
				ok(t, end.f())
				if err := result(t, name, wrote); err != end.want {
					t.Errorf("%s: %v, want %v", name, err, end.want)
				}
			}
			if n, err := write(fd, buf, to); n != 0 || err != net.ErrClosed {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		})
	}
}

// Other errors of the calls must arrive bare, with nothing counted, and the next
// operation go as if nothing had been.
func TestPacketsFailingCalls(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	for name, read := range packetReads {
		fd, far, _ := udpPair(t, g)
		watch(t, fd.sysfd, firstFail(sys.CallRead, 1, syscall.ECONNREFUSED))
		far.packet("x")
		if n, err := read(fd, make([]byte, 8)); n != 0 || err != syscall.ECONNREFUSED {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if n, err := read(fd, make([]byte, 8)); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	for name, write := range packetWrites {
		fd, _, to := udpPair(t, g)
		watch(t, fd.sysfd, firstFail(sys.CallWrite, 1, syscall.ENOBUFS))
		if n, err := write(fd, []byte("x"), to); n != 0 || err != syscall.ENOBUFS {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if n, err := write(fd, []byte("x"), to); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// ReadMsg must return what came with a packet: its sender, its control messages, that it was
// cut; and a call that fails must tell nothing.
func TestReadMsgTells(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far, to := udpPair(t, g)
	ok(t, fd.SetsockoptInt(syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1))
	want, _ := to.AddrPort()
	far.packet("hello")
	var from sys.RawAddr
	n, oobn, flags, err := fd.ReadMsg(make([]byte, 4), make([]byte, 64), 0, &from)
	if ap, _ := from.AddrPort(); n != 4 || oobn == 0 || flags != syscall.MSG_TRUNC || err != nil || ap != want {
		t.Errorf("%d, %d, %#x, %v from %v, want %v", n, oobn, flags, err, ap, want)
	}
	reading := async(func() (err error) {
		n, oobn, flags, err = fd.ReadMsg(make([]byte, 4), make([]byte, 64), 0, &from)
		return err
	})
	parked(t, g, 1, 0)
	ok(t, fd.SetReadDeadline(longAgo))
	err = result(t, "ReadMsg", reading)
	if ap, _ := from.AddrPort(); n|oobn|flags != 0 || err != os.ErrDeadlineExceeded || ap != (netip.AddrPort{}) {
		t.Errorf("%d, %d, %#x, %v from %v", n, oobn, flags, err, ap)
	}
	if n, oobn, err := fd.WriteMsg(nil, make([]byte, 32), to); n|oobn != 0 || err != syscall.EINVAL {
		t.Errorf("%d, %d, %v", n, oobn, err)
	}
}

// If this fails, each packet that leaves wakes the reactor although no Write waits; or a
// Write that waits until the socket is writable is not woken.
func TestEPOLLOUTWakesTheWriter(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		const packets = 1000
		near, far := unixDatagrams(t)
		fd := newFD(t, g, near, KindPacket)
		parked(t, g, 0, 0)
		before := g.Stats().Events
		for range packets {
			_, err := fd.Write([]byte("x"))
			ok(t, err)
			_, err = syscall.Read(far, make([]byte, 8))
			ok(t, err)
		}
		if n := g.Stats().Events - before; n > packets/10 {
			t.Errorf("%d events for %d packets", n, packets)
		}

		written := async(func() (err error) {
			for range packets { // more than there is room for
				if _, err = fd.Write([]byte("x")); err != nil {
					break
				}
			}
			return err
		})
		parked(t, g, 0, 1)
		for range packets {
			_, err := syscall.Read(far, make([]byte, 8))
			ok(t, err)
		}
		ok(t, result(t, "the rest of the packets", written))
	})
}

// unixDatagrams returns two sockets that are connected to each other; far is blocking.
func unixDatagrams(t testing.TB) (near, far int) {
	t.Helper()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, syscall.SetNonblock(ends[0], true))
	t.Cleanup(func() { syscall.Close(ends[1]) })
	return ends[0], ends[1]
}
