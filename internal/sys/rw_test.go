//go:build linux

package sys

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A fault that stays would make every test after it fail, and one that is lost when it
// is nested would make its own pass for nothing.
func TestSetFault(t *testing.T) {
	near, far := pair(t)
	failing := func(err error) Fault { return func(Call, int) error { return err } }
	try := func(want error) {
		t.Helper()
		if _, err := RawCalls.SendTo(far, []byte("x"), nil); err != want {
			t.Errorf("Write: %v, want %v", err, want)
		}
	}
	try(nil)
	restore1 := SetFault(failing(syscall.ENOBUFS))
	try(syscall.ENOBUFS)
	restore2 := SetFault(failing(syscall.ENOMEM))
	try(syscall.ENOMEM)
	restore3 := SetFault(failing(nil))
	try(nil)
	restore3()
	try(syscall.ENOMEM)
	restore2()
	try(syscall.ENOBUFS)
	restore1()
	try(nil)
	if n, err := RawCalls.RecvFrom(near, make([]byte, 10), nil); n != 3 || err != nil {
		t.Errorf("%d bytes were written, %v, want 3", n, err)
	}
}

// Every call of this package must be one that can be made to fail, and say which it is and
// on what.
func TestFaultsOfEveryCall(t *testing.T) {
	near, _ := tcpPair(t)
	l, err := Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	ok(t, err)
	defer CloseFD(l)
	epfd := newEpoll(t)
	spare, err := unix.Dup(near)
	ok(t, err)
	covered := make(map[Call]bool)
	for _, c := range []struct {
		call Call
		fd   int
		name string // in the error; "" for a bare errno
		f    func() error
	}{
		{CallRead, near, "", func() error { _, err := RawCalls.RecvFrom(near, make([]byte, 1), nil); return err }},
		{CallWrite, near, "", func() error { _, err := RawCalls.SendTo(near, []byte("x"), nil); return err }},
		{CallAccept, l, "", func() error { _, _, err := RawCalls.Accept(l); return err }},
		{CallConnect, l, "", func() error { return Connect(l, &syscall.SockaddrInet4{}) }},
		{CallSocket, -1, "socket", func() error { _, err := Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0); return err }},
		{CallGetsockopt, near, "getsockopt", func() error { return TakeError(near) }},
		{CallSetsockopt, near, "", func() error { return RawCalls.SetsockoptInt(near, 0, 0, 0) }},
		{CallGetsockname, near, "", func() error { return RawCalls.Getsockname(near, new(RawAddr)) }},
		{CallGetpeername, near, "", func() error { return RawCalls.Getpeername(near, new(RawAddr)) }},
		{CallEpollCtl, near, "epoll_ctl", func() error { return EpollAdd(epfd, near, edges, 0, 0) }},
		{CallPoll, near, "poll", func() error { _, _, err := Readable(near); return err }},
		{CallSplice, near, "", func() error { _, err := Splice(-1, near, 1); return err }},
		{CallDup, near, "fcntl", func() error { _, err := Dup(near); return err }},
		{CallRead, near, "", func() error { return Peek(near) }},
		{CallWrite, near, "", func() error { return SendNothing(near) }},
		{CallEpollDelete, near, "epoll_ctl", func() error { return EpollDelete(epfd, near) }},
		{CallEpollCreate, -1, "epoll_create1", func() error { _, err := EpollCreate(); return err }},
		{CallEventfd, -1, "eventfd", func() error { _, err := Eventfd(); return err }},
		{CallPipe, -1, "", func() error { _, _, err := Pipe(1); return err }},
		{CallClose, spare, "", func() error { return CloseFD(spare) }},
		{CallEpollWait2, epfd, "", func() error { _, errno := epollPwait2(epfd, make([]EpollEvent, 1), 0); return errno }},
		{CallEpollWait, epfd, "", func() error { return panics(func() { EpollPoll(epfd, make([]EpollEvent, 1)) }) }},
		{CallNotify, epfd, "", func() error { return panics(func() { Notify(epfd) }) }},
		{CallNotify, epfd, "", func() error { return panics(func() { TakeNotify(epfd) }) }},
		{CallFcntl, near, "", func() error { return isZero(Blocks(near)) }},
		{CallIoctl, near, "", func() error { return isZero(!AtMark(near)) }},
		{CallIoctl, near, "", func() error { return isZero(Queued(near)) }},
		{CallGetsockopt, near, "", func() error { return isZero(!Listens(near)) }},
		{CallGetsockopt, near, "", func() error { return isZero(IsTCP(near)) }},
	} {
		covered[c.call] = true
		var calls []Call
		restore := SetFault(func(call Call, fd int) error {
			calls = append(calls, call)
			if fd != c.fd && call == c.call {
				t.Errorf("call %d on %d, want %d", call, fd, c.fd)
			}
			return syscall.ENOTRECOVERABLE
		})
		err := c.f()
		restore()
		want := error(syscall.ENOTRECOVERABLE)
		if c.name != "" {
			if e, is := err.(*os.SyscallError); !is || e.Syscall != c.name {
				t.Errorf("call %d: %v", c.call, err)
			} else {
				err = e.Err
			}
		}
		if c.call == CallPoll { // which epoll could do for it
			calls = slices.DeleteFunc(calls, func(c Call) bool { return c == CallEpollCreate })
		}
		if err != want || !slices.Equal(calls, []Call{c.call}) {
			t.Errorf("calls %v: %v, want %d: %v", calls, err, c.call, want)
		}
	}
	covered[CallPlainDup] = true // TestDupInTwoSteps
	for call := range NumCalls {
		if !covered[call] || call.String() == "" {
			t.Errorf("no call fails as %d", call)
		}
	}
}

// panics returns ENOTRECOVERABLE if f panics with its text: it has no error to return.
func panics(f func()) (err error) {
	defer func() {
		if text := fmt.Sprint(recover()); strings.HasSuffix(text, syscall.ENOTRECOVERABLE.Error()) {
			err = syscall.ENOTRECOVERABLE
		}
	}()
	f()
	return nil
}

// isZero returns ENOTRECOVERABLE if an answer is what stands for not knowing.
func isZero[T comparable](answer T) error {
	var zero T
	if answer == zero {
		return syscall.ENOTRECOVERABLE
	}
	return nil
}

// If this fails, a process that may not call poll learns something else about a socket than
// one that may, or a descriptor of the way round is left.
func TestWithoutPoll(t *testing.T) {
	near, far := tcpPair(t)
	ask := func() (answers [3]string) {
		is, errored, err := Readable(near)
		answers[0] = fmt.Sprint(is, errored, err)
		is, errored, err = Writable(near)
		answers[1] = fmt.Sprint(is, errored, err)
		up, err := HungUp(near)
		answers[2] = fmt.Sprint(up, err)
		return answers
	}
	seen := make(map[[3]string]bool)
	for _, change := range []struct {
		name string
		f    func()
	}{
		{"nothing", func() {}},
		{"data", func() { _, err := RawCalls.SendTo(far, []byte("x"), nil); ok(t, err) }},
		{"no room", func() {
			for _, err := RawCalls.SendTo(near, make([]byte, 1<<14), nil); err == nil; {
				_, err = RawCalls.SendTo(near, make([]byte, 1<<14), nil)
			}
		}},
		{"the end", func() { ok(t, syscall.Shutdown(far, syscall.SHUT_WR)) }},
		{"a reset", func() {
			ok(t, syscall.SetsockoptLinger(far, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}))
			ok(t, unix.Dup3(newEpoll(t), far, unix.O_CLOEXEC)) // closes it
		}},
	} {
		change.f()
		time.Sleep(time.Millisecond) // the loopback interface is as good as at once
		want := ask()
		restore := SetFault(func(call Call, _ int) error {
			if call == CallPoll {
				return syscall.EPERM
			}
			return nil
		})
		got := ask()
		restore()
		if got != want {
			t.Errorf("%s: %v, with poll %v", change.name, got, want)
		}
		seen[want] = true
	}
	if len(seen) < 5 {
		t.Errorf("%d states", len(seen))
	}
	calls := 0
	defer SetFault(func(call Call, _ int) error {
		calls++
		if call == CallPoll || call == CallEpollCtl {
			return syscall.EPERM
		}
		return nil
	})()
	if _, _, err := Readable(near); !errors.Is(err, syscall.EPERM) || calls != 5 { // the last one is close
		t.Errorf("neither: %v, %d calls", err, calls)
	}
}

// If this fails, a function makes a system call that no test can make fail.
func TestEveryCallAsks(t *testing.T) {
	enters := regexp.MustCompile(`\b(unix|syscall)\.(RawSyscall|Syscall|Sendfile|Splice|Pipe2|Ioctl|Fcntl|Close|Dup|Accept|` +
		`Connect|Socket|Getsock|Getpeer|Poll|Epoll[CW]|Eventfd|SetNonblock|Recv|Send)\w*\(`)
	shared := []string{"transfer", "message"} // their callers ask
	files, err := filepath.Glob("*_linux.go")
	ok(t, err)
	n := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		ok(t, err)
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, 0)
		ok(t, err)
		for _, d := range file.Decls {
			fn, is := d.(*ast.FuncDecl)
			if !is || slices.Contains(shared, fn.Name.Name) {
				continue
			}
			body := string(text[fset.Position(fn.Pos()).Offset:fset.Position(fn.End()).Offset])
			calls := len(enters.FindAllString(body, -1))
			asks := strings.Count(body, "failed(") + strings.Count(body, "refused(")
			n += calls
			if calls > 0 && asks == 0 {
				t.Errorf("%s: %s does not ask", name, fn.Name.Name)
			}
		}
	}
	if n < 30 {
		t.Errorf("%d calls found", n)
	}
}

// EINTR that leaves this package would be taken for a broken connection; connect is the
// exception, because it goes on by itself.
func TestEINTR(t *testing.T) {
	near, far := tcpPair(t)
	interrupted := 0
	defer SetFault(func(call Call, fd int) error {
		if interrupted < 3 {
			interrupted++
			return syscall.EINTR
		}
		return nil
	})()
	if n, err := RawCalls.SendTo(far, []byte("hello"), nil); n != 5 || err != nil || interrupted != 3 {
		t.Errorf("Write = %d, %v after %d interruptions", n, err, interrupted)
	}
	await(t, near, unix.POLLIN)
	interrupted = 0
	if n, err := RawCalls.RecvFrom(near, make([]byte, 10), nil); n != 5 || err != nil || interrupted != 3 {
		t.Errorf("Read = %d, %v after %d interruptions", n, err, interrupted)
	}
	interrupted = 0
	if _, _, err := RawCalls.Accept(near); err != syscall.EINVAL || interrupted != 3 {
		t.Errorf("Accept: %v after %d interruptions", err, interrupted)
	}
	interrupted = 0
	if err := Connect(near, &syscall.SockaddrInet4{}); err != syscall.EINTR || interrupted != 1 {
		t.Errorf("Connect: %v after %d interruptions", err, interrupted)
	}
}

// A socket that another program made blocking must not block: Read and Write may hold a P
// (golang/go#43894).
func TestNeverBlocks(t *testing.T) {
	near, _ := tcpPair(t)
	ok(t, syscall.SetNonblock(near, false))
	for _, size := range []int{1, int(RawCalls), int(RawCalls) + 1} {
		if n, err := RawCalls.RecvFrom(near, make([]byte, size), nil); n != 0 || err != syscall.EAGAIN {
			t.Errorf("Read of %d = %d, %v", size, n, err)
		}
	}
	var err error
	for err == nil {
		_, err = RawCalls.SendTo(near, make([]byte, int(RawCalls)+1), nil)
	}
	for err = nil; err == nil; {
		_, err = RawCalls.SendTo(near, make([]byte, int(RawCalls)), nil)
	}
	if err != syscall.EAGAIN {
		t.Errorf("Write: %v", err)
	}
	for _, size := range []int{int(RawCalls), int(RawCalls) + 1} {
		for err = nil; err == nil; { // what was sent may leave, and make room, at any time
			_, err = RawCalls.Writev(near, []Iovec{MakeIovec(make([]byte, size), size)}, size)
		}
		if err != syscall.EAGAIN {
			t.Errorf("Writev of %d: %v", size, err)
		}
	}
}

// Writing to a connection that broke must be an error and not a signal.
func TestNoSIGPIPE(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGPIPE)
	defer signal.Stop(signals)
	near, _ := pair(t)
	ok(t, syscall.Shutdown(near, syscall.SHUT_WR))
	for _, size := range []int{1, int(RawCalls) + 1} {
		if n, err := RawCalls.SendTo(near, make([]byte, size), nil); n != 0 || err != syscall.EPIPE {
			t.Errorf("Write = %d, %v", n, err)
		}
		if _, err := RawCalls.Writev(near, []Iovec{MakeIovec(make([]byte, size), size)}, size); err != syscall.EPIPE {
			t.Errorf("Writev: %v", err)
		}
		if _, err := RawCalls.SendMsg(near, make([]byte, size), nil, nil); err != syscall.EPIPE {
			t.Errorf("SendMsg: %v", err)
		}
	}
	select {
	case s := <-signals:
		t.Errorf("got %v", s)
	case <-time.After(time.Millisecond):
	}
}

// Sizes on either side of the limit take different ways into the kernel and must give
// the same, and nothing, too.
func TestTransferSizes(t *testing.T) {
	for _, size := range []int{0, 1, int(RawCalls) - 1, int(RawCalls), int(RawCalls) + 1, 3 * int(RawCalls)} {
		near, far := pair(t)
		ok(t, syscall.SetsockoptInt(far, syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1<<20))
		p := make([]byte, size)
		for i := range p {
			p[i] = byte(i * 7)
		}
		if n, err := RawCalls.SendTo(far, p, nil); n != size || err != nil {
			t.Errorf("Write of %d = %d, %v", size, n, err)
		}
		ok(t, syscall.Shutdown(far, syscall.SHUT_WR))
		got := make([]byte, size+1)
		total := 0
		for {
			n, err := RawCalls.RecvFrom(near, got[total:], nil)
			ok(t, err)
			if n == 0 {
				break
			}
			total += n
		}
		if !slices.Equal(got[:total], p) {
			t.Errorf("%d bytes arrived of %d, or not the same", total, size)
		}
	}
	near, _ := pair(t)
	if n, err := RawCalls.RecvFrom(near, nil, nil); n != 0 || err != nil && err != syscall.EAGAIN {
		t.Errorf("Read of nothing = %d, %v", n, err)
	}
}

// A descriptor that a child inherits keeps a connection open, and one that blocks stops
// a reactor.
func TestDescriptorFlags(t *testing.T) {
	epfd := newEpoll(t)
	eventfd, err := Eventfd()
	ok(t, err)
	defer CloseFD(eventfd)
	near, far := tcpPair(t)
	dup, err := Dup(near)
	ok(t, err)
	defer CloseFD(dup)
	r, w, err := Pipe(1)
	ok(t, err)
	defer CloseFD(r)
	defer CloseFD(w)
	for name, fd := range map[string]int{
		"epoll": epfd, "eventfd": eventfd, "accepted": near, "socket": far, "dup": dup, "pipe": r, "its other end": w,
	} {
		if v, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || v&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s: a child inherits it", name)
		}
		if v, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || v&unix.O_NONBLOCK == 0 {
			t.Errorf("%s: it blocks", name)
		}
	}
}

// Where F_DUPFD_CLOEXEC is not to be had, a descriptor must be duplicated all the same, and
// no child inherit it.
func TestDupInTwoSteps(t *testing.T) {
	near, _ := tcpPair(t)
	for _, errno := range []syscall.Errno{syscall.EINVAL, syscall.ENOSYS} {
		restore := SetFault(func(call Call, _ int) error {
			if call == CallDup {
				return errno
			}
			return nil
		})
		dup, err := Dup(near)
		_, badErr := Dup(-1)
		restore()
		defer SetFault(func(call Call, _ int) error {
			if call == CallDup || call == CallPlainDup {
				return errno
			}
			return nil
		})()
		if _, err := Dup(near); err == nil || !errors.Is(err, errno) {
			t.Errorf("neither: %v", err)
		}
		ok(t, err)
		if v, err := unix.FcntlInt(uintptr(dup), unix.F_GETFD, 0); err != nil || v&unix.FD_CLOEXEC == 0 {
			t.Error("a child inherits it")
		}
		ok(t, CloseFD(dup))
		if e, is := badErr.(*os.SyscallError); !is || e.Syscall != "dup" || e.Err != syscall.EBADF {
			t.Errorf("Dup of none: %v", badErr)
		}
	}
}

// The error of close must reach the caller, except for one that is none.
func TestCloseFD(t *testing.T) {
	near, _ := tcpPair(t)
	dup, err := Dup(near)
	ok(t, err)
	ok(t, CloseFD(dup))
	if err := CloseFD(-1); err != syscall.EBADF {
		t.Errorf("close of none: %v", err)
	}
	for errno, want := range map[syscall.Errno]error{syscall.EINTR: nil, syscall.EIO: syscall.EIO} {
		dup, err := Dup(near)
		ok(t, err)
		restore := SetFault(func(Call, int) error { return errno })
		err = CloseFD(dup)
		restore()
		if err != want {
			t.Errorf("%v: %v", errno, err)
		}
		if _, err := unix.FcntlInt(uintptr(dup), unix.F_GETFD, 0); err != syscall.EBADF {
			t.Error("it is open")
		}
	}
}

// The error that a socket holds must be returned once.
func TestSocketError(t *testing.T) {
	near, far := tcpPair(t)
	if err := TakeError(near); err != nil {
		t.Errorf("TakeError = %v", err)
	}
	syscall.SetsockoptLinger(far, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	syscall.Dup3(far2(t), far, syscall.O_CLOEXEC) // closes it
	await(t, near, unix.POLLERR)
	if err := TakeError(near); err != syscall.ECONNRESET {
		t.Errorf("TakeError = %v", err)
	}
	if err := TakeError(near); err != nil {
		t.Errorf("TakeError again = %v", err)
	}
	if err := RawCalls.Getpeername(near, new(RawAddr)); err != syscall.ENOTCONN {
		t.Errorf("Getpeername: %v", err)
	}
}

// Faults are asked from many goroutines, while they come and go.
func TestFaultRaces(t *testing.T) {
	near, far := pair(t)
	var stop atomic.Bool
	done := make(chan bool)
	go func() {
		defer close(done)
		for buf := make([]byte, 10); !stop.Load(); {
			RawCalls.SendTo(far, []byte("x"), nil)
			RawCalls.RecvFrom(near, buf, nil)
		}
	}()
	for range 1000 {
		SetFault(func(Call, int) error { return syscall.ENOMEM })()
	}
	stop.Store(true)
	<-done
}

// A call that only asks whether there is something must leave it.
func TestPeekTakesNothing(t *testing.T) {
	near, far := pair(t)
	if err := Peek(near); err != syscall.EAGAIN {
		t.Errorf("of nothing: %v", err)
	}
	_, err := RawCalls.SendTo(far, []byte("data"), nil)
	ok(t, err)
	for range 2 {
		ok(t, Peek(near))
	}
	p := make([]byte, 8)
	n, err := RawCalls.RecvFrom(near, p, nil)
	if string(p[:n]) != "data" || err != nil {
		t.Errorf("%q, %v is left", p[:n], err)
	}
}
