package nettest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"regexp"
	"strings"
	"syscall"
)

// targets are the errors that programs ask for with errors.Is.
var targets = []struct {
	name string
	err  error
}{
	{"net.ErrClosed", net.ErrClosed},
	{"os.ErrDeadlineExceeded", os.ErrDeadlineExceeded},
	{"os.ErrPermission", os.ErrPermission},
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"syscall.EINVAL", syscall.EINVAL},
	{"syscall.ECONNRESET", syscall.ECONNRESET},
	{"syscall.EPIPE", syscall.EPIPE},
	{"syscall.ECONNREFUSED", syscall.ECONNREFUSED},
}

// Describe returns all that a program can learn from an error, one fact a line, so
// that two errors can be compared: its text, what it is to errors.Is, whether it is a
// timeout or temporary, and the type and fields of each error in its chain. Types that
// are not exported are named without their package.
func Describe(err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", err)
	for _, t := range targets {
		if errors.Is(err, t.err) {
			fmt.Fprintf(&b, "  is %s\n", t.name)
		}
	}
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&b, "  %s\n", describeOne(err))
	}
	return b.String()
}

func describeOne(err error) string {
	s := typeName(err)
	switch err := err.(type) {
	case *net.OpError:
		s += fmt.Sprintf(" op=%q net=%q source=%s addr=%s", err.Op, err.Net, DescribeAddr(err.Source), DescribeAddr(err.Addr))
	case *os.SyscallError:
		s += fmt.Sprintf(" syscall=%q", err.Syscall)
	case syscall.Errno:
		s += fmt.Sprintf(" errno=%d", int(err))
	case *net.AddrError:
		s += fmt.Sprintf(" err=%q addr=%q", err.Err, err.Addr)
	case *net.DNSError:
		s += fmt.Sprintf(" err=%q name=%q notfound=%t", err.Err, err.Name, err.IsNotFound)
	default:
		s += fmt.Sprintf(" %q", err)
	}
	if t, ok := err.(interface{ Timeout() bool }); ok {
		s += fmt.Sprintf(" timeout=%t", t.Timeout())
	}
	if t, ok := err.(interface{ Temporary() bool }); ok {
		s += fmt.Sprintf(" temporary=%t", t.Temporary())
	}
	return s
}

// DescribeAddr tells a nil interface from one that holds a nil pointer, and names types
// as Describe does.
func DescribeAddr(a net.Addr) string {
	if a == nil {
		return "none"
	}
	return fmt.Sprintf("%s(%v)", typeName(a), a)
}

func typeName(v any) string {
	name := reflect.TypeOf(v).String()
	if _, last, ok := strings.Cut(name, "."); ok && 'a' <= last[0] && last[0] <= 'z' {
		return last
	}
	return name
}

// LikeContext evens out a race inside package net: a dial of its that takes too long is
// ended by the context or by a deadline of the same time on the socket, and then it
// says os.ErrDeadlineExceeded instead of context.DeadlineExceeded.
func LikeContext(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err == os.ErrDeadlineExceeded {
		op.Err = timeoutError{}
	}
	return err
}

type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// ephemeral matches a port that the kernel chose, with the default range.
var ephemeral = regexp.MustCompile(`:(3[2-9]\d{3}|[45]\d{4}|60\d{3})\b`)

// NamePorts replaces the ports that the kernel chose: by the names given, or by "PORT".
func NamePorts(s string, names map[string]string) string {
	return ephemeral.ReplaceAllStringFunc(s, func(port string) string {
		if name, ok := names[port[1:]]; ok {
			return ":" + name
		}
		return ":PORT"
	})
}

// Innermost returns the error that the kernel or the poller gave.
func Innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
