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

// Read takes bytes. They have no values.
func (Calls) Read(fd int, p []byte) (int, error) { return get[*socket](fd, "read").take(len(p)) }

// Write puts bytes.
func (Calls) Write(fd int, p []byte) (int, error) { return get[*socket](fd, "write").put(len(p)) }

// Readable is poll(2) for reading.
func Readable(fd int) (is, errored bool, err error) {
	got := get[*socket](fd, "poll").events(false) &^ unix.EPOLLPRI
	return got&^unix.EPOLLERR != 0, got&unix.EPOLLERR != 0, nil
}

// Writable is poll(2) for writing.
func Writable(fd int) (is, errored bool, err error) {
	return get[*socket](fd, "poll").writable(), false, nil
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
	return get[*socket](fd, "poll").in.Load()&(EOF|Hup|Reset) != 0, nil
}

// Queued is how much the peer has not taken.
func Queued(fd int) int {
	s := get[*socket](fd, "queued")
	return s.capacity - int(s.out.Load()&outBytes)
}

// Blocks and AtMark: no scenario makes a socket blocking, or sends urgent data.
func Blocks(int) bool { return false }
func AtMark(int) bool { return false }

// What follows compiles, and is in no scenario.

type (
	Batch   = sys.Batch
	Iovec   = sys.Iovec
	RawAddr = sys.RawAddr
)

const MaxIovecs = sys.MaxIovecs

var (
	Accept      = sys.Accept
	Connect     = sys.Connect
	Dup         = sys.Dup
	Getpeername = sys.Getpeername
	Listens     = sys.Listens
	MakeIovec   = sys.MakeIovec
	Pipe        = sys.Pipe
	RecvBatch   = sys.RecvBatch
	SendBatch   = sys.SendBatch
	SendFile    = sys.SendFile
	SocketError = sys.SocketError
	Splice      = sys.Splice
	TakeError   = sys.TakeError
)

func (c Calls) RecvFrom(fd int, p []byte, from *RawAddr) (n int, err error) {
	return sys.Calls(c).RecvFrom(fd, p, from)
}

func (c Calls) SendTo(fd int, p []byte, to *RawAddr) error { return sys.Calls(c).SendTo(fd, p, to) }

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
