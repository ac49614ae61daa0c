//go:build linux

package fd

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// maybeTCP are connections of KindMaybeTCP that are TCP, and that are not.
var maybeTCP = map[string]func(t testing.TB, g *poller.Group) (*FD, *peer){
	"tcp": func(t testing.TB, g *poller.Group) (*FD, *peer) {
		near, far := tcpPair(t)
		return newFD(t, g, near, KindMaybeTCP), newPeer(t, far)
	},
	"stream": func(t testing.TB, g *poller.Group) (*FD, *peer) {
		p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		ok(t, err)
		ok(t, syscall.SetNonblock(p[0], true))
		return newFD(t, g, p[0], KindMaybeTCP), newPeer(t, p[1])
	},
}

// If this fails, a connection that is read once and closed costs a system call, or every Read
// costs one, or the short-read rule holds for a stream that is not TCP.
func TestMaybeTCPIsAskedBeforeTheSecondRead(t *testing.T) {
	for name, connection := range maybeTCP {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := connection(t, g)
				made := watch(t, fd.sysfd, nil)
				far.send("once")
				reads(t, fd, 100, "once")
				require.Zero(t, made.of(sys.CallGetsockopt))
				for range 10 {
					far.send("again")
					reads(t, fd, 100, "again")
				}
				require.Equal(t, 1, made.of(sys.CallGetsockopt))
				require.Equal(t, name == "tcp", fd.knownEmpty())
			})
		})
	}
}

// If this fails, a connection that has once waited to write costs a system call in every
// Write, or one that is not TCP keeps EPOLLOUT.
func TestMaybeTCPIsAskedAfterAWriteThatWaited(t *testing.T) {
	for name, connection := range maybeTCP {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := connection(t, g)
				made := watch(t, fd.sysfd, firstFail(sys.CallWrite, 1, syscall.EAGAIN))
				for range 10 {
					returns(t, "Write", func() {
						_, err := fd.Write([]byte("hello"))
						ok(t, err)
					})
					far.recv(len("hello"))
				}
				require.Equal(t, 1, made.of(sys.CallGetsockopt))
				require.Equal(t, map[string]uint32{"tcp": outKept, "stream": registered}[name], fd.interest.Load())
			})
		})
	}
}

// If this fails, a socket that the kernel says nothing about has the short-read rule.
func TestMaybeTCPThatCannotBeAsked(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := maybeTCP["tcp"](t, g)
		watch(t, fd.sysfd, firstFail(sys.CallGetsockopt, 1, syscall.EPERM))
		for range 3 {
			far.send("hello")
			reads(t, fd, 100, "hello")
			require.False(t, fd.knownEmpty())
		}
	})
}
