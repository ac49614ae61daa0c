package kernel

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// Calls are those of package sys.
type Calls int32

const (
	RawCalls      = Calls(sys.RawCalls)
	OrdinaryCalls = Calls(sys.OrdinaryCalls)
)

// RecvFrom takes bytes. They have no values, and no sender.
func (c Calls) RecvFrom(fd int, p []byte, _ *RawAddr) (int, error) { return c.Read(fd, p) }

// SendTo puts bytes.
func (Calls) SendTo(fd int, p []byte, _ *RawAddr) (int, error) {
	return get[*socket](fd, "write").put(len(p))
}

// Read is RecvFrom for a scenario.
func (Calls) Read(fd int, p []byte) (int, error) { return get[*socket](fd, "read").take(len(p)) }

// Readable is poll(2) for reading.
func Readable(fd int) (is, errored bool, err error) {
	is, errored = get[*socket](fd, "poll").poll(unix.EPOLLIN | unix.EPOLLRDHUP)
	return is, errored, nil
}

// Writable is poll(2) for writing.
func Writable(fd int) (is, errored bool, err error) {
	is, errored = get[*socket](fd, "poll").poll(unix.EPOLLOUT)
	return is, errored, nil
}

// Peek fails as a read would.
func Peek(fd int) error {
	_, err := get[*socket](fd, "peek").take(0)
	return err
}

// SendNothing fails as a write would, but for want of room.
func SendNothing(fd int) error {
	_, err := get[*socket](fd, "send_nothing").put(0)
	return err
}

// HungUp reports whether the peer has sent its last byte.
func HungUp(fd int) (bool, error) {
	in := get[*socket](fd, "poll").in.Load()
	check(in, "poll")
	return in&(EOF|Hup) != 0, nil
}

// Queued is how much the peer has not taken.
func Queued(fd int) int {
	s := get[*socket](fd, "queued")
	out := s.out.Load()
	check(out, "ioctl")
	return s.capacity - int(out&outBytes)
}

// Accept takes a connection from a listener's queue. Its result is no descriptor.
func (c Calls) Accept(fd int) (nfd int, peer RawAddr, err error) {
	if err := get[*socket](fd, "accept").accept(c); err != nil {
		return -1, peer, err
	}
	return 0, peer, nil
}

// Connect begins to connect, or tells what came of it.
func Connect(fd int, _ syscall.Sockaddr) error { return get[*socket](fd, "connect").connect() }

// TakeError is SO_ERROR.
func TakeError(fd int) error {
	if errno := get[*socket](fd, "getsockopt").takeError(); errno != 0 {
		return errno
	}
	return nil
}

// Blocks and AtMark: no scenario makes a socket blocking, or sends urgent data.
func Blocks(int) bool { return false }
func AtMark(int) bool { return false }

// HoldsUnread is not asked whether close(2) takes long: all that differs is how it is called.
func HoldsUnread(int) bool { return false }

// IsTCP says so: no scenario has a listener of Multipath TCP.
func IsTCP(int) bool { return true }

// Listens says so: what no scenario makes a socket that does not.
func Listens(int) bool { return true }

// The rest compiles, and is in no scenario.

type (
	Batch   = sys.Batch
	Iovec   = sys.Iovec
	RawAddr = sys.RawAddr
)

const MaxIovecs = sys.MaxIovecs

var (
	Dup       = sys.Dup
	MakeIovec = sys.MakeIovec
	Pipe      = sys.Pipe
	RecvBatch = sys.RecvBatch
	SendBatch = sys.SendBatch
	SendFile  = sys.SendFile
	Splice    = sys.Splice
)

func (c Calls) Getsockname(fd int, a *RawAddr) error { return sys.Calls(c).Getsockname(fd, a) }

func (c Calls) Getpeername(fd int, a *RawAddr) error { return sys.Calls(c).Getpeername(fd, a) }

func (c Calls) SetsockoptInt(fd, level, name, value int) error {
	return sys.Calls(c).SetsockoptInt(fd, level, name, value)
}

func (c Calls) RecvMsg(fd int, p, oob []byte, flags int, from *RawAddr) (n, oobn, recvflags int, err error) {
	return sys.Calls(c).RecvMsg(fd, p, oob, flags, from)
}

func (c Calls) SendMsg(fd int, p, oob []byte, to *RawAddr) (n int, err error) {
	return sys.Calls(c).SendMsg(fd, p, oob, to)
}

func (c Calls) Writev(fd int, iovs []Iovec, size int) (n int, err error) {
	return sys.Calls(c).Writev(fd, iovs, size)
}

var _ syscall.RawConn = (*File)(nil)
