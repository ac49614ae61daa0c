//go:build linux

package fd

import (
	"cmp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// If this fails, a socket whose send buffer was full once wakes the reactor for every packet
// that leaves it from then on; or a Write waits for an EPOLLOUT that is not registered.
func TestEPOLLOUTWhileAwaited(t *testing.T) {
	for name, socket := range map[string]func(t testing.TB, g *poller.Group) (*FD, *peer){
		"unix":     unixPair,
		"unixgram": unixgramPair,
		"udp": func(t testing.TB, g *poller.Group) (*FD, *peer) {
			fd, far, _ := udpPair(t, g)
			ok(t, syscall.Connect(fd.sysfd, address(t, far.sysfd)))
			return fd, far
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := socket(t, g)
				exchange := func(n int) {
					t.Helper()
					for range n {
						_, err := fd.Write([]byte("packet"))
						ok(t, err)
						far.recv(len("packet"))
					}
				}
				const waits, packets = 3, 1000
				for range waits {
					// Over loopback a UDP socket is always writable, so the first EAGAIN is made up.
					watch(t, fd.sysfd, firstFail(sys.CallWrite, 1, syscall.EAGAIN))
					returns(t, "Write", func() { exchange(1) })
					before := g.Stats().Events
					exchange(packets)
					if n := g.Stats().Events - before; n > 10 {
						t.Errorf("%d events for %d packets that need not wait", n, packets)
					}
				}
			})
		})
	}
}

// If this fails, a Write after one for which EPOLLOUT could not be registered waits for an
// event that epoll does not report.
func TestEPOLLOUTCannotBeWatched(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		full, unwatched := firstFail(sys.CallWrite, 2, syscall.EAGAIN), firstFail(sys.CallEpollCtl, 1, syscall.ENOMEM)
		watch(t, fd.sysfd, func(call sys.Call) error { return cmp.Or(full(call), unwatched(call)) })
		_, err := fd.Write([]byte("lost"))
		require.ErrorIs(t, err, syscall.ENOMEM)
		returns(t, "the next Write", func() { _, err = fd.Write([]byte("kept")) })
		ok(t, err)
		require.Equal(t, "kept", far.recv(len("kept")))
	})
}
