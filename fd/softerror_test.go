//go:build linux

package fd

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// softError makes the kernel note an error with which no call fails: a message that a peer is
// unreachable, where nobody has asked for such messages.
func softError(t *testing.T, fd *FD) {
	raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	ok(t, err)
	defer syscall.Close(raw)
	here := address(t, fd.sysfd).(*syscall.SockaddrInet4)
	peer, err := syscall.Getpeername(fd.sysfd)
	ok(t, err)
	for range 20 {
		m := hostUnreachable(here, peer.(*syscall.SockaddrInet4), unacknowledged(t, fd))
		ok(t, syscall.Sendto(raw, m, 0, &syscall.SockaddrInet4{Addr: here.Addr}))
		time.Sleep(2 * time.Millisecond)
	}
}

// A soft error must not be taken for one with which a Read fails: it would end a connection
// that works.
func TestWaitReadableTakesNoSoftError(t *testing.T) {
	for _, stamp := range []bool{false, true} {
		t.Run(map[bool]string{true: "stamped", false: "plain"}[stamp], func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := pair(t, g)
				if stamp {
					stamped(t, fd, far)
				}
				fill(t, g, fd) // so that there is something unacknowledged
				softError(t, fd)
				waited := async(func() error { return fd.WaitReadable(background) })
				time.Sleep(10 * time.Millisecond) // in which it could return too early
				require.Empty(t, waited, "there is nothing to read")
				far.send("x")
				require.NoError(t, result(t, "WaitReadable", waited))
				reads(t, fd, 8, "x")
			})
		})
	}
}

// An error that a wait has taken from the socket must be told by whatever call is next.
func TestKeptErrorIsToldBySendFile(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		var fd *FD
		eventually(t, "the wait takes the error", func() bool { // it does not if there is room again
			fd, _ = pair(t, g)
			fill(t, g, fd)
			unreachable(t, fd)
			require.NoError(t, fd.WaitWritable(background))
			return fd.kept[polldesc.Write] != 0
		})
		file, err := os.Open("/proc/self/exe")
		ok(t, err)
		defer file.Close()
		n, handled, err := fd.SendFile(int(file.Fd()), 100)
		require.Zero(t, n)
		require.True(t, handled)
		require.ErrorIs(t, err, syscall.EHOSTUNREACH)
	})
}

// The function given to a raw Read must be called, as package net does, whatever a wait has
// taken from the socket: it may look into the error queue.
func TestRawReadAfterAnError(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd := refused(t, g, 1)
		require.NoError(t, fd.WaitReadable(background))
		called := 0
		ok(t, fd.RawRead(func(s uintptr) bool {
			called++
			_, _, _, _, err := unix.Recvmsg(int(s), make([]byte, 100), make([]byte, 500), unix.MSG_ERRQUEUE)
			return err != syscall.EAGAIN
		}))
		require.Equal(t, 1, called)

		// One that finds nothing is told of the error that was taken.
		fd = refused(t, g, 1)
		require.NoError(t, fd.WaitReadable(background))
		require.ErrorIs(t, fd.RawRead(func(uintptr) bool { return false }), syscall.ECONNREFUSED)
	})
}
