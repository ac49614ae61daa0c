//go:build linux

package fd

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// The cost of a Read of an exposed socket, and when it asks for the urgent mark.

// If this fails, each Read of a pooled connection, which the pool has looked at through
// SyscallConn, asks the kernel twice for data that is not there.
func TestReadsOfExposedSocket(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, c := range map[string]struct {
			expose func(t *testing.T, fd *FD)
			ioctls int // for each EAGAIN
		}{
			"SyscallConn": {func(t *testing.T, fd *FD) { ok(t, fd.RawControl(func(uintptr) {})) }, 1},
			"adopted":     {func(t *testing.T, fd *FD) { fd.MarkExposed() }, 1},
			"accepted": {func(t *testing.T, fd *FD) {
				l := new(FD)
				l.MarkExposed()
				fd.InheritOptions(l)
			}, 0},
		} {
			t.Run(name, func(t *testing.T) {
				fd, far := pair(t, g)
				c.expose(t, fd)
				calls := watch(t, fd.sysfd, nil)
				for i := 1; i <= 5; i++ {
					got := async(func() error {
						p := make([]byte, 100)
						n, err := fd.Read(p)
						if err == nil && string(p[:n]) != "data" {
							err = fmt.Errorf("read %q", p[:n])
						}
						return err
					})
					parked(t, g, 1, 0)
					require.Equal(t, 2*i-1, calls.of(sys.CallRead), "EAGAIN once")
					require.Equal(t, c.ioctls*i, calls.of(sys.CallIoctl))
					far.send("data")
					ok(t, result(t, "Read", got))
					require.Equal(t, 2*i, calls.of(sys.CallRead), "EAGAIN and data")
				}
			})
		}
	})
}

// If this fails, a Read that a signal ends at an urgent mark waits for an edge that has come
// already, because another owner of the socket took the urgent byte before epoll saw it.
func TestReadAtUnseenMarkIsMadeAgain(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for what, denied := range map[string]error{"asked": nil, "denied": syscall.EPERM} {
			t.Run(what, func(t *testing.T) {
				near, sysfd := tcpPair(t)
				far := newPeer(t, sysfd)
				far.send("before")
				far.urgent("!")
				far.send("after")
				eventually(t, "the urgent byte", func() bool {
					n, _, _ := syscall.Recvfrom(near, make([]byte, 1), syscall.MSG_OOB)
					return n == 1
				})
				far.arrived()
				fd := newFD(t, g, near, KindTCP)
				fd.MarkExposed()
				reads(t, fd, 100, "before")
				require.False(t, fd.pd.Exceptional())
				require.True(t, sys.AtMark(near))
				first := firstFail(sys.CallRead, 1, syscall.EAGAIN)
				watch(t, fd.sysfd, func(call sys.Call) error {
					if call == sys.CallIoctl {
						return denied
					}
					return first(call)
				})
				reads(t, fd, 100, "after")
			})
		}
	})
}

// If this fails, a peer that announces an urgent byte and does not send it keeps a processor
// busy: the stream stands at the mark, and there is nothing to read.
func TestReadAtMarkWithoutDataWaits(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		far.urgent("!")
		eventually(t, "it is known", fd.pd.Exceptional)
		calls := watch(t, fd.sysfd, func(call sys.Call) error {
			if call == sys.CallRead {
				return syscall.EAGAIN
			}
			return nil
		})
		read := async(func() error { _, err := fd.Read(make([]byte, 1)); return err })
		parked(t, g, 1, 0)
		time.Sleep(20 * time.Millisecond)
		require.Less(t, calls.of(sys.CallRead), 10) // 2, and 2 more for each spurious edge
		parked(t, g, 1, 0)
		ok(t, fd.Close())
		require.Error(t, result(t, "Read", read))
	})
}
