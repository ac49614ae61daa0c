//go:build linux

package fd

import (
	"context"
	"encoding/binary"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// The error queue of a socket holds time stamps and messages about packets sent. While
// anything is in it poll(2) says POLLERR, as it does for an error that the next call
// fails with.

var background = context.Background()

// stamped has the kernel put a time stamp of a packet that fd sends into its error queue.
func stamped(t *testing.T, fd *FD, far *peer) {
	t.Helper()
	const stamps = unix.SOF_TIMESTAMPING_TX_SOFTWARE | unix.SOF_TIMESTAMPING_SOFTWARE
	ok(t, unix.SetsockoptInt(fd.sysfd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, stamps))
	_, err := fd.Write([]byte("stamped"))
	ok(t, err)
	require.Equal(t, "stamped", far.recv(len("stamped")))
	polls(t, fd, unix.POLLERR)
}

// polls waits until poll(2) shows an event.
func polls(t *testing.T, fd *FD, event int16) {
	t.Helper()
	eventually(t, "poll shows it", func() bool { return revents(fd, event)&event != 0 })
}

func revents(fd *FD, events int16) int16 {
	p := []unix.PollFd{{Fd: int32(fd.sysfd), Events: events}}
	unix.Poll(p, 0)
	return p[0].Revents
}

// stays checks that so many readers and writers are parked, and stay so.
func stays(t *testing.T, g *poller.Group, readers, writers int) {
	t.Helper()
	parked(t, g, readers, writers)
	time.Sleep(5 * time.Millisecond)
	parked(t, g, readers, writers)
}

// fill writes until there is no more room, and returns how much that was.
func fill(t *testing.T, g *poller.Group, fd *FD) (written int) {
	t.Helper()
	ok(t, fd.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, 16<<10))
	full := async(func() (err error) { written, err = fd.Write(make([]byte, 64<<20)); return err })
	parked(t, g, 0, 1)
	ok(t, fd.SetWriteDeadline(longAgo))
	require.ErrorIs(t, result(t, "Write", full), os.ErrDeadlineExceeded)
	ok(t, fd.SetWriteDeadline(time.Time{}))
	return written
}

// udpConnected is udpPair whose FD is connected.
func udpConnected(t testing.TB, g *poller.Group) (*FD, *peer) {
	t.Helper()
	fd, far, _ := udpPair(t, g)
	ok(t, syscall.Connect(fd.sysfd, address(t, far.sysfd)))
	return fd, far
}

// If this fails, a time stamp of a packet sent is taken for something to read, or for room
// to write.
func TestTimeStampsAreNotReadiness(t *testing.T) {
	for name, pair := range map[string]func(testing.TB, *poller.Group) (*FD, *peer){"TCP": pair, "UDP": udpConnected} {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := pair(t, g)
				stamped(t, fd, far)

				waited := async(func() error { return fd.WaitReadable(background) })
				stays(t, g, 1, 0)
				stamped(t, fd, far) // and one more, which makes an edge
				stays(t, g, 1, 0)
				far.send("x")
				require.NoError(t, result(t, "WaitReadable", waited))
				reads(t, fd, 8, "x")

				told, _ := notified(fd)
				stays(t, g, 1, 0)
				stamped(t, fd, far)
				stays(t, g, 1, 0)
				require.Empty(t, told)
				far.send("y")
				result(t, "the notification", told)
				reads(t, fd, 8, "y")

				require.NoError(t, fd.WaitWritable(background), "there is room")
				if name == "UDP" {
					return // is never full
				}
				written := 0
				eventually(t, "there is no room", func() bool {
					written += fill(t, g, fd)
					before := revents(fd, unix.POLLOUT)
					ready, err := fd.ready(polldesc.Write)
					ok(t, err)
					if (before|revents(fd, unix.POLLOUT))&unix.POLLOUT != 0 {
						return false // there is some again
					}
					require.False(t, ready)
					return true
				})
				waited = async(func() error { return fd.WaitWritable(background) })
				far.recv(written)
				require.NoError(t, result(t, "WaitWritable", waited))
			})
		})
	}
}

// refused lets fd be told that nobody receives what it sends.
func refused(t *testing.T, g *poller.Group, queued int) *FD {
	t.Helper()
	fd, far := udpConnected(t, g)
	ok(t, unix.SetsockoptInt(fd.sysfd, unix.SOL_IP, unix.IP_RECVERR, queued))
	far.close()
	_, err := fd.Write([]byte("x"))
	ok(t, err)
	polls(t, fd, unix.POLLERR)
	return fd
}

// waits are the ways to wait for something to read.
var waits = map[string]func(t *testing.T, fd *FD){
	"WaitReadable": func(t *testing.T, fd *FD) {
		returns(t, "WaitReadable", func() { require.NoError(t, fd.WaitReadable(background)) })
	},
	"NotifyReadable": func(t *testing.T, fd *FD) {
		told, _ := notified(fd)
		result(t, "the notification", told)
	},
}

// If this fails, an error that a Read would fail with is not waited for, or is lost by
// waiting, whether there is a message about it in the error queue or not; or the message
// alone, which stays when the error was told, is taken for one.
func TestWaitingForAnError(t *testing.T) {
	for queue, queued := range map[string]int{"queue": 1, "no queue": 0} {
		for name, wait := range waits {
			for how, read := range packetReads {
				t.Run(queue+"/"+name+"/"+how, func(t *testing.T) {
					eachWait(t, func(t *testing.T, g *poller.Group) {
						fd := refused(t, g, queued)
						wait(t, fd)
						wait(t, fd)
						n, err := read(fd, make([]byte, 8))
						require.Zero(t, n)
						require.Equal(t, syscall.ECONNREFUSED, err)

						told, _ := notified(fd)
						stays(t, g, 1, 0)
						require.Empty(t, told)
					})
				})
			}
		}
	}
}

// The same for a write: there is room, and it fails.
func TestWaitWritableKeepsTheError(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for _, queued := range []int{0, 1} {
			fd := refused(t, g, queued)
			require.NoError(t, fd.WaitWritable(background))
			_, err := fd.Write([]byte("x"))
			require.Equal(t, syscall.ECONNREFUSED, err)
		}
	})
}

// unreachable has a router tell fd, which is full, that its peer cannot be reached. The
// connection stays.
func unreachable(t *testing.T, fd *FD) {
	t.Helper()
	ok(t, unix.SetsockoptInt(fd.sysfd, unix.SOL_IP, unix.IP_RECVERR, 1))
	raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		t.Skip("needs the right to make raw sockets")
	}
	defer syscall.Close(raw)
	here := address(t, fd.sysfd).(*syscall.SockaddrInet4)
	peer, err := syscall.Getpeername(fd.sysfd)
	ok(t, err)
	eventually(t, "the message is believed", func() bool { // unless what it quotes was acknowledged meanwhile
		m := hostUnreachable(here, peer.(*syscall.SockaddrInet4), unacknowledged(t, fd))
		ok(t, syscall.Sendto(raw, m, 0, &syscall.SockaddrInet4{Addr: here.Addr}))
		return revents(fd, 0)&unix.POLLERR != 0
	})
}

// unacknowledged returns the number of the first byte that the peer has not acknowledged.
func unacknowledged(t *testing.T, fd *FD) uint32 {
	t.Helper()
	repair := func(option, value int) error {
		return unix.SetsockoptInt(fd.sysfd, unix.IPPROTO_TCP, option, value)
	}
	if repair(unix.TCP_REPAIR, 1) != nil {
		t.Skip("needs the right to repair connections")
	}
	ok(t, repair(unix.TCP_REPAIR_QUEUE, 2)) // what is to be sent
	end, err := unix.GetsockoptInt(fd.sysfd, unix.IPPROTO_TCP, unix.TCP_QUEUE_SEQ)
	ok(t, err)
	ok(t, repair(unix.TCP_REPAIR, -1)) // over, without a probe
	left, err := unix.IoctlGetInt(fd.sysfd, unix.TIOCOUTQ)
	ok(t, err)
	return uint32(end - left)
}

// hostUnreachable returns the ICMP message about a byte sent.
func hostUnreachable(from, to *syscall.SockaddrInet4, seq uint32) []byte {
	m := []byte{3, 1, 0, 0, 0, 0, 0, 0}
	m = append(m, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, unix.IPPROTO_TCP, 0, 0)
	m = append(append(m, from.Addr[:]...), to.Addr[:]...)
	m = binary.BigEndian.AppendUint16(m, uint16(from.Port))
	m = binary.BigEndian.AppendUint16(m, uint16(to.Port))
	m = binary.BigEndian.AppendUint32(m, seq)
	sum := uint32(0)
	for i := 0; i < len(m); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(m[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(m[2:], ^uint16(sum>>16+sum))
	return m
}

// If this fails, an error that does not end a connection, and that the next call would
// fail with, is not waited for where there is neither data nor room, or is lost.
func TestWaitingForAnErrorOfAStream(t *testing.T) {
	for name, c := range map[string]struct {
		wait func(t *testing.T, fd *FD)
		next func(fd *FD) (int, error)
	}{
		"WaitReadable":   {waits["WaitReadable"], func(fd *FD) (int, error) { return fd.Read(make([]byte, 8)) }},
		"NotifyReadable": {waits["NotifyReadable"], func(fd *FD) (int, error) { return fd.Read(make([]byte, 8)) }},
		"WaitWritable": {func(t *testing.T, fd *FD) {
			returns(t, "WaitWritable", func() { require.NoError(t, fd.WaitWritable(background)) })
		}, func(fd *FD) (int, error) { return fd.Write([]byte("x")) }},
	} {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := pair(t, g)
				written := fill(t, g, fd)
				unreachable(t, fd)
				c.wait(t, fd)
				c.wait(t, fd)
				n, err := c.next(fd)
				require.Zero(t, n)
				require.Equal(t, syscall.EHOSTUNREACH, err)
				received := async(func() error { far.recv(written); return nil })
				_, err = fd.Write([]byte("x"))
				require.NoError(t, err, "the connection is not broken")
				result(t, "all that was written", received)
			})
		})
	}
}
