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
func Accept(fd int) (nfd int, sa syscall.Sockaddr, err error) {
	if err := get[*socket](fd, "accept").accept(); err != nil {
		return -1, nil, err
	}
	return 0, nil, nil
}

// Connect begins to connect.
func Connect(fd int, _ syscall.Sockaddr) error {
	get[*socket](fd, "connect").connect()
	return syscall.EINPROGRESS
}

// SocketError is SO_ERROR.
func SocketError(fd int) (syscall.Errno, error) {
	return get[*socket](fd, "getsockopt").takeError(), nil
}

// TakeError is SocketError, as an error.
func TakeError(fd int) error {
	if errno := get[*socket](fd, "getsockopt").takeError(); errno != 0 {
		return errno
	}
	return nil
}

// Getpeername fails until the socket is connected.
func Getpeername(fd int) (syscall.Sockaddr, error) {
	out := get[*socket](fd, "getpeername").out.Load()
	check(out, "getpeername")
	if out&unconnected != 0 {
		return nil, syscall.ENOTCONN
	}
	return &syscall.SockaddrInet4{}, nil
}

// Blocks and AtMark: no scenario makes a socket blocking, or sends urgent data.
func Blocks(int) bool { return false }
func AtMark(int) bool { return false }

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
