//go:build linux

package fd

import (
	"context"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// A descriptor is registered when an operation first has to wait.

// unregisteredPair returns a TCP connection on which no operation has waited.
func unregisteredPair(t *testing.T, g *poller.Group) (*FD, *peer) {
	t.Helper()
	near, far := tcpPair(t)
	fd := new(FD)
	fd.Own(near, KindTCP)
	ok(t, fd.Init(g))
	t.Cleanup(func() { fd.Close() })
	return fd, newPeer(t, far)
}

// If this fails, a connection that is answered and closed costs calls of epoll_ctl that it
// does not need, or one that waits is registered more than once.
func TestRegistersAtTheFirstWait(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := unregisteredPair(t, g)
		calls := watch(t, fd.sysfd, nil)
		far.send("request")
		far.arrived()
		reads(t, fd, 100, "request")
		_, err := fd.Write([]byte("answer"))
		ok(t, err)
		require.Zero(t, calls.of(sys.CallEpollCtl), "before the first wait")

		for range 3 {
			read := async(func() error { _, err := fd.Read(make([]byte, 100)); return err })
			parked(t, g, 1, 0)
			far.send("request")
			ok(t, result(t, "Read", read))
		}
		require.Equal(t, 1, calls.of(sys.CallEpollCtl), "three waits")
		ok(t, fd.Close())
		require.Equal(t, 1, calls.of(sys.CallEpollDelete), "before close(2)")

		fd, far = unregisteredPair(t, g)
		calls = watch(t, fd.sysfd, nil)
		far.send("request")
		far.arrived()
		reads(t, fd, 100, "request")
		ok(t, fd.Close())
		require.Zero(t, calls.of(sys.CallEpollDelete), "nothing is registered")
	})
}

// If this fails, a wait that could not be registered ends with another error than net's, or it
// is remembered, and the next wait waits forever.
func TestWaitCannotBeRegistered(t *testing.T) {
	for what, wait := range map[string]func(fd *FD) error{
		"Read":         func(fd *FD) error { _, err := fd.Read(make([]byte, 1)); return err },
		"ReadMsg":      func(fd *FD) error { _, _, _, err := fd.ReadMsg(make([]byte, 1), nil, 0, new(sys.RawAddr)); return err },
		"WaitReadable": func(fd *FD) error { return fd.WaitReadable(context.Background()) },
		"RawRead": func(fd *FD) error {
			return fd.RawRead(func(s uintptr) bool {
				_, _, err := syscall.Recvfrom(int(s), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
				return err != syscall.EAGAIN
			})
		},
		"NotifyReadable": func(fd *FD) error {
			called := make(chan error)
			fd.NotifyReadable(func() { _, err := fd.Read(make([]byte, 1)); called <- err })
			return <-called
		},
	} {
		t.Run(what, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := unregisteredPair(t, g)
				watch(t, fd.sysfd, firstFail(sys.CallEpollCtl, 2, syscall.ENOSPC))
				for range 2 {
					require.Equal(t, syscall.ENOSPC, result(t, what, async(func() error { return wait(fd) })))
				}
				waiting := async(func() error { return wait(fd) })
				parked(t, g, 1, 0)
				far.send("x")
				ok(t, result(t, what, waiting))
			})
		})
	}
}

// If this fails, a dial that could not be registered has another error than net's.
func TestConnectCannotBeRegistered(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd := socketFD(t)
		watch(t, fd.sysfd, firstFail(sys.CallEpollCtl, 1, syscall.ENOSPC))
		err := fd.Connect(context.Background(), fullListener(t), g)
		require.Equal(t, syscall.ENOSPC, err)
	})
}

// If this fails, a reader and a writer that wait for the first time at once hinder each other.
func TestBothSidesRegister(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 50 {
			fd, far := unregisteredPair(t, g)
			writeAll(t, fd)
			read := async(func() error { _, err := fd.Read(make([]byte, 1)); return err })
			wrote := async(func() error { return fd.WaitWritable(context.Background()) })
			parked(t, g, 1, 1)
			far.send("x")
			ok(t, result(t, "Read", read))
			drained := async(func() error { drain(t, far); return nil })
			ok(t, result(t, "WaitWritable", wrote))
			ok(t, fd.Close())
			ok(t, result(t, "drain", drained))
		}
	})
}

// If this fails, a registration that another descriptor's life has left keeps a reader asleep.
func TestRegistrationIsTakenOver(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := unregisteredPair(t, g)
		other, err := fd.poller.Alloc()
		ok(t, err)
		ok(t, fd.poller.Register(fd.sysfd, other, polldesc.Read))
		read := async(func() error { _, err := fd.Read(make([]byte, 1)); return err })
		parked(t, g, 1, 0)
		far.send("x")
		ok(t, result(t, "Read", read))
		other.Evict()
		fd.poller.Free(other)
	})
}

// If this fails, a child process that has a copy of a closed descriptor, as each has between
// fork and exec, disturbs the next connection, which has its number.
func TestCopyOutlivesClose(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := unregisteredPair(t, g)
		read := async(func() error { _, err := fd.Read(make([]byte, 1)); return err })
		parked(t, g, 1, 0)
		far.send("x")
		ok(t, result(t, "Read", read))

		next, nextFar := unregisteredPair(t, g)
		number := fd.sysfd
		copied, err := sys.Dup(number) // without Dup of the FD: nobody knows
		ok(t, err)
		defer syscall.Close(copied)
		ok(t, fd.Close())

		ok(t, syscall.Dup3(next.sysfd, number, syscall.O_CLOEXEC))
		ok(t, syscall.Close(next.sysfd))
		next.sysfd = number
		read = async(func() error { _, err := next.Read(make([]byte, 1)); return err })
		parked(t, g, 1, 0)
		before := g.Stats()
		far.fin()
		nextFar.send("x")
		ok(t, result(t, "Read", read))
		after := g.Stats()
		require.Equal(t, before.Stale, after.Stale, "events of the copy")
		require.False(t, next.pd.Exceptional(), "a fact of the copy")
		ok(t, next.Close())
	})
}

// writeAll fills the send buffer without an operation that waits.
func writeAll(t *testing.T, fd *FD) {
	t.Helper()
	for {
		switch _, err := syscall.Write(fd.sysfd, make([]byte, 1<<16)); err {
		case nil:
		case syscall.EAGAIN:
			return
		default:
			ok(t, err)
		}
	}
}
