package kernel

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
)

// A File is an epoll instance or an eventfd that Go's own poller watches.
type File struct {
	fd   int
	word search.Var // edge, expired, closed, and the deadline
}

const (
	edge    = 1 << 0 // has come, and nobody has waited for it yet
	expired = 1 << 1 // the deadline has passed

	deadlineShift = 2
	deadlineMask  = 1<<59 - 1
)

func showFile(v uint64) string {
	s := ""
	if v&edge != 0 {
		s += "edge"
	}
	if v&expired != 0 {
		s += " expired"
	}
	if at := v >> deadlineShift & deadlineMask; at != 0 {
		s += fmt.Sprint(" at ", at)
	}
	return "{" + s + "}" + showClosed(v)
}

// NewFile makes a File of a descriptor.
func NewFile(fd uintptr, name string) *File {
	f := &File{fd: int(fd)}
	search.Name(&f.word, "file "+name, showFile)
	machine.files = append(machine.files, f)
	switch o := machine.objects[f.fd].(type) {
	case *epoll:
		o.file = f
	case *event:
		o.file = f
	}
	return f
}

// Close closes the descriptor too.
func (f *File) Close() error {
	closes(&f.word)
	return CloseFD(f.fd)
}

// SyscallConn returns f.
func (f *File) SyscallConn() (syscall.RawConn, error) { return f, nil }

// Control and Write are not modeled.
func (f *File) Control(func(uintptr)) error    { panic("kernel: Control of a file") }
func (f *File) Write(func(uintptr) bool) error { panic("kernel: Write of a file") }

// Read calls try until it returns true, and waits for an edge before each call but the first.
// It begins by forgetting those that came before.
func (f *File) Read(try func(uintptr) bool) error {
	was := f.word.Update(func(v uint64) uint64 {
		if v&expired == 0 {
			v &^= edge
		}
		return v
	})
	for check(was, "read of a file"); was&expired == 0; {
		if try(uintptr(f.fd)) {
			return nil
		}
		was = f.word.Await(
			func(v uint64) bool { return v&(edge|expired|closed) != 0 },
			func(v uint64) uint64 { return v &^ edge })
		check(was, "read of a file")
	}
	return os.ErrDeadlineExceeded
}

// SetReadDeadline sets when Read ends.
func (f *File) SetReadDeadline(t time.Time) error {
	at := uint64(0)
	if !t.IsZero() {
		at = uint64(max(1, t.Sub(Base)))
	}
	check(f.word.Update(func(v uint64) uint64 {
		return v&^(expired|deadlineMask<<deadlineShift) | at<<deadlineShift
	}), "deadline of a file")
	if at != 0 {
		f.passed(Now())
	}
	return nil
}

// Base is the zero of the clock.
var Base = time.Unix(1000, 0)

// passed ends a Read whose deadline has come.
func (f *File) passed(now int64) {
	f.word.Update(func(v uint64) uint64 {
		if at := v >> deadlineShift & deadlineMask; at != 0 && at <= uint64(now) {
			return v&^(deadlineMask<<deadlineShift) | expired
		}
		return v
	})
}

func (f *File) edge() { f.word.Update(func(v uint64) uint64 { return v | edge }) }

// The rest is the real one.

type SyscallError = os.SyscallError

var ErrDeadlineExceeded = os.ErrDeadlineExceeded

func NewSyscallError(call string, err error) error { return os.NewSyscallError(call, err) }
