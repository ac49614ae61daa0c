package memory

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A mayFaultSide is package net, or one of our groups with MemoryMayFault.
type mayFaultSide struct {
	name         string
	listen       func(network, address string) (net.Listener, error)
	listenPacket func(network, address string) (net.PacketConn, error)
}

func mayFaultSides(t *testing.T) []mayFaultSide {
	sides := []mayFaultSide{{"net", net.Listen, net.ListenPacket}}
	for name, wait := range map[string]netpoller.PollerStrategy{"nested": netpoller.PollerNested, "thread": netpoller.PollerThread} {
		g := netpoller.NewPollerGroup(netpoller.PollerConfig{Strategy: wait, MemoryMayFault: true})
		t.Cleanup(func() { g.Close() })
		lc := netpoller.ListenConfig{Poller: g}
		sides = append(sides, mayFaultSide{name,
			func(network, address string) (net.Listener, error) {
				return lc.Listen(context.Background(), network, address)
			},
			func(network, address string) (net.PacketConn, error) {
				return lc.ListenPacket(context.Background(), network, address)
			}})
	}
	return sides
}

// accepted returns a connection of this side, and its peer, which is package net's.
func (s mayFaultSide) accepted(t *testing.T) (c, peer net.Conn) {
	l, err := s.listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	peer, err = net.Dial("tcp4", l.Addr().String())
	require.NoError(t, err)
	c, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(); peer.Close() })
	return c, peer
}

// If this fails, a Read hangs after one that ended at a page that is not there.
func TestReadsIntoMemoryThatFaults(t *testing.T) {
	pages := 6 * os.Getpagesize()
	good := pages - os.Getpagesize()
	memory, err := unix.Mmap(-1, 0, pages, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	require.NoError(t, err)
	defer unix.Munmap(memory)
	require.NoError(t, unix.Mprotect(memory[good:], unix.PROT_NONE))
	for _, s := range mayFaultSides(t) {
		t.Run(s.name, func(t *testing.T) {
			c, peer := s.accepted(t)
			message := make([]byte, good/50) // small, so that the kernel has several runs to copy
			for range 60 {
				_, err := peer.Write(message)
				require.NoError(t, err)
			}
			both.Settled(t, c, 60*len(message))
			require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
			for left := 60 * len(message); left > 0; {
				n, err := c.Read(memory)
				require.NoError(t, err)
				require.LessOrEqual(t, n, good)
				left -= n
			}
		})
	}
}

// A faultyUDP is what both sides' UDP sockets have.
type faultyUDP interface {
	net.PacketConn
	ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error)
	WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
}

// udp returns a UDP socket of this side, to which a packet has been sent, and the sender.
func (s mayFaultSide) udp(t *testing.T) (c faultyUDP, peer *net.UDPAddr) {
	p, err := s.listenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { p.Close(); far.Close() })
	_, err = far.WriteTo([]byte("data"), p.LocalAddr())
	require.NoError(t, err)
	return p.(faultyUDP), far.LocalAddr().(*net.UDPAddr)
}

// A raw call of ours transfers few bytes, and none transfers as many as long.
const few, long = 4 << 10, 64 << 10

// faultingOps are operations on memory, long bytes of it, whose pages do not come before they
// are supplied. Each returns when it is over.
var faultingOps = map[string]func(t *testing.T, s mayFaultSide, page []byte) error{
	"Read": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, peer := s.accepted(t)
		peer.Write([]byte("data"))
		_, err := c.Read(memory[:few])
		return err
	},
	"Write": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, _ := s.accepted(t)
		_, err := c.Write(memory[:few])
		return err
	},
	"Buffers": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, _ := s.accepted(t)
		_, err := (&netpoller.Buffers{memory[:8], memory[8:few]}).WriteTo(c)
		return err
	},
	"ReadFrom": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, _ := s.udp(t)
		_, _, err := c.ReadFrom(memory[:few])
		return err
	},
	"WriteTo": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, peer := s.udp(t)
		_, err := c.WriteTo(memory[:few], peer)
		return err
	},
	"ReadMsgUDP": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, _ := s.udp(t)
		_, _, _, _, err := c.ReadMsgUDP(memory[:few], nil)
		return err
	},
	"WriteMsgUDP": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, peer := s.udp(t)
		_, _, err := c.WriteMsgUDP(memory[:few], nil, peer)
		return err
	},
	// The Write has locked the socket meanwhile, and the Read waits for the lock.
	"Read beside a Write": func(t *testing.T, s mayFaultSide, memory []byte) error {
		c, peer := s.accepted(t)
		peer.Write([]byte("data"))
		go func() {
			time.Sleep(10 * time.Millisecond) // likely, not surely, while the Write waits
			c.Read(make([]byte, 8))
		}()
		_, err := c.Write(memory)
		return err
	},
}

// If this fails, a Read or Write whose memory takes long to come stops the world for as
// long, and for good if the page is supplied by this very process. Each is tried in a
// process of its own, because that could not even tell.
func TestWorldGoesOnWhileMemoryComes(t *testing.T) {
	const childOf = "NETPOLLER_FAULTING"
	if name := os.Getenv(childOf); name != "" {
		side, op, _ := strings.Cut(name, "/")
		for _, s := range mayFaultSides(t) {
			if s.name == side {
				worldGoesOn(t, func(memory []byte) error { return faultingOps[op](t, s, memory) })
			}
		}
		return
	}
	if _, err := newUserfault(); errors.Is(err, unix.EPERM) {
		t.Skip("only root can let the kernel wait for memory")
	}
	for _, s := range mayFaultSides(t) {
		for op := range faultingOps {
			t.Run(s.name+"/"+op, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestWorldGoesOnWhileMemoryComes$", "-test.v")
				cmd.Env = append(os.Environ(), childOf+"="+s.name+"/"+op)
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", out)
				require.Contains(t, string(out), "the world went on")
			})
		}
	}
}

// worldGoesOn stops the world while op waits for its memory, and then supplies it.
func worldGoesOn(t *testing.T, op func(memory []byte) error) {
	u, err := newUserfault()
	require.NoError(t, err)
	memory, err := unix.Mmap(-1, 0, long, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	require.NoError(t, err)
	require.NoError(t, u.register(memory))
	over := make(chan error, 1)
	go func() { over <- op(memory) }()
	require.NoError(t, u.fault())
	for range 10 {
		runtime.GC() // stops the world
		time.Sleep(2 * time.Millisecond)
	}
	require.Empty(t, over, "the operation does not wait")
	fmt.Println("the world went on")
	require.NoError(t, u.supply(memory))
	require.NoError(t, <-over)
}

// A userfault is a descriptor of userfaultfd(2).
type userfault int

// newUserfault can handle what the kernel touches on a program's behalf: root's.
func newUserfault() (userfault, error) {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	u := userfault(fd)
	const version = 0xaa
	return u, u.ioctl(0xc018aa3f, &[4]uint64{version}) // UFFDIO_API
}

// register makes the memory of p come only when it is supplied.
func (u userfault) register(p []byte) error {
	const missing = 1
	return u.ioctl(0xc020aa00, &[4]uint64{address(p), uint64(len(p)), missing}) // UFFDIO_REGISTER
}

// fault waits until a thread wants a page.
func (u userfault) fault() error {
	_, err := unix.Read(int(u), make([]byte, 32)) // struct uffd_msg
	return err
}

// supply fills p with zeros.
func (u userfault) supply(p []byte) error {
	return u.ioctl(0xc020aa04, &[4]uint64{address(p), uint64(len(p))}) // UFFDIO_ZEROPAGE
}

func (u userfault) ioctl(request uintptr, arg *[4]uint64) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(u), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
		return errno
	}
	return nil
}

func address(p []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))) }
