//go:build linux

package sys

import (
	"encoding/binary"
	"errors"
	"math"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// The tests of the facts fail on a kernel that does not do what package poller is built
// on.

var ok = nettest.OK

func newEpoll(t testing.TB) int {
	t.Helper()
	epfd, err := EpollCreate()
	ok(t, err)
	t.Cleanup(func() { CloseFD(epfd) })
	return epfd
}

func pair(t testing.TB) (near, far int) {
	t.Helper()
	p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	t.Cleanup(func() { CloseFD(p[0]); CloseFD(p[1]) })
	return p[0], p[1]
}

// tcpPair returns a TCP connection, both ends non-blocking.
func tcpPair(t testing.TB) (near, far int) {
	t.Helper()
	l, err := Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	ok(t, err)
	defer CloseFD(l)
	ok(t, syscall.Listen(l, 1))
	sa, err := syscall.Getsockname(l)
	ok(t, err)
	far, err = Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	ok(t, err)
	if err := Connect(far, &syscall.SockaddrInet4{Port: sa.(*syscall.SockaddrInet4).Port, Addr: [4]byte{127, 0, 0, 1}}); err != syscall.EINPROGRESS {
		t.Fatalf("connect: %v", err)
	}
	await(t, l, unix.POLLIN)
	near, _, err = RawCalls.Accept(l)
	ok(t, err)
	t.Cleanup(func() { CloseFD(near); CloseFD(far) })
	return near, far
}

// await waits until one of the events is there. Data that is sent over the loopback has usually
// arrived when send returns; a busy kernel leaves that to a thread, which comes later.
func await(t testing.TB, fd int, events int16) {
	t.Helper()
	for {
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, -1); err != unix.EINTR {
			ok(t, err)
			return
		}
	}
}

const edges = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET

// poll returns what is reported now, as a map from the first word to the events.
func poll(t testing.TB, epfd, room int) map[int32]uint32 {
	t.Helper()
	events := make([]EpollEvent, room)
	got := map[int32]uint32{}
	for _, e := range events[:EpollPoll(epfd, events)] {
		if _, twice := got[e.Fd]; twice || e.Pad != -e.Fd {
			t.Errorf("event for %d, %d", e.Fd, e.Pad)
		}
		got[e.Fd] = e.Events
	}
	return got
}

func send(t testing.TB, fd int, data string, flags int) {
	t.Helper()
	n, err := syscall.SendmsgN(fd, []byte(data), nil, nil, flags)
	if n != len(data) || err != nil {
		t.Fatalf("send = %d, %v", n, err)
	}
}

// Fact a: changes coalesce, and the event tells the state at the time it is fetched.
func TestFactEdgesCoalesce(t *testing.T) {
	epfd := newEpoll(t)
	near, far := tcpPair(t)
	ok(t, EpollAdd(epfd, near, edges, 7, -7))
	if got := poll(t, epfd, 10); got[7] != unix.EPOLLOUT {
		t.Errorf("a new connection reports %#x", got[7])
	}
	if got := poll(t, epfd, 10); len(got) != 0 {
		t.Errorf("reported again: %#x", got)
	}
	send(t, far, "one", 0)
	send(t, far, "two", 0)
	syscall.Shutdown(far, syscall.SHUT_WR)
	await(t, near, unix.POLLRDHUP)
	if got := poll(t, epfd, 10); got[7] != unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP {
		t.Errorf("data and FIN report %#x", got[7])
	}
	if got := poll(t, epfd, 10); len(got) != 0 {
		t.Errorf("reported again, though nothing changed: %#x", got)
	}
}

// Fact b: what is ready is reported to who comes later.
func TestFactAddReportsReady(t *testing.T) {
	epfd := newEpoll(t)
	near, far := tcpPair(t)
	send(t, far, "data", 0)
	await(t, near, unix.POLLIN)
	ok(t, EpollAdd(epfd, near, edges, 7, -7))
	if got := poll(t, epfd, 10); got[7] != unix.EPOLLIN|unix.EPOLLOUT {
		t.Errorf("reported %#x", got[7])
	}
}

// Fact c: ERR and HUP come unasked, RDHUP and PRI only when asked for; and what the
// short-read rule lives on: an urgent byte shows in the event that brings it.
func TestFactUnaskedEvents(t *testing.T) {
	for asked, want := range map[uint32]struct{ fin, urgent, rst uint32 }{
		edges: {
			fin:    unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP,
			urgent: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLPRI,
			rst:    unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR,
		},
		unix.EPOLLET: {rst: unix.EPOLLHUP | unix.EPOLLERR},
	} {
		for name, c := range map[string]struct {
			change func(far int)
			comes  int16
			want   uint32
		}{
			"FIN": {func(far int) { syscall.Shutdown(far, syscall.SHUT_WR) }, unix.POLLRDHUP, want.fin},
			"urgent": {func(far int) {
				send(t, far, "data", 0)
				send(t, far, "!", syscall.MSG_OOB)
				send(t, far, "more", 0)
			}, unix.POLLPRI, want.urgent},
			"RST": {func(far int) {
				syscall.SetsockoptLinger(far, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
				syscall.Dup3(far2(t), far, syscall.O_CLOEXEC) // closes it
			}, unix.POLLERR, want.rst},
		} {
			epfd := newEpoll(t)
			near, far := tcpPair(t)
			ok(t, EpollAdd(epfd, near, asked, 7, -7))
			poll(t, epfd, 10)
			c.change(far)
			await(t, near, c.comes)
			if got := poll(t, epfd, 10); got[7] != c.want {
				t.Errorf("%s, asked for %#x: %#x, want %#x", name, asked, got[7], c.want)
			}
		}
	}
}

// far2 returns a descriptor to put in the place of another.
func far2(t testing.TB) int {
	fd, _ := pair(t)
	return fd
}

// Fact d: closing one of two duplicates ends nothing; deleting does.
func TestFactCloseOfDuplicate(t *testing.T) {
	epfd := newEpoll(t)
	near, far := pair(t)
	dup, err := Dup(near)
	ok(t, err)
	ok(t, EpollAdd(epfd, dup, edges, 7, -7))
	poll(t, epfd, 10)
	keep, err := Dup(dup)
	ok(t, err)
	defer CloseFD(keep)
	ok(t, CloseFD(dup))
	send(t, far, "x", 0)
	if got := poll(t, epfd, 10); got[7] == 0 {
		t.Error("the registration ended with the descriptor, and not with the description")
	}
	if err := EpollDelete(epfd, dup); err == nil {
		t.Error("a registration was deleted by a number that is closed")
	}

	ok(t, EpollAdd(epfd, keep, edges, 8, -8))
	poll(t, epfd, 10)
	ok(t, EpollDelete(epfd, keep))
	send(t, far, "x", 0)
	if got := poll(t, epfd, 10); got[8] != 0 {
		t.Errorf("reported %#x after it was deleted", got[8])
	}
}

// Fact e: a nested epoll wakes the outer one once, and not again for what was left.
func TestFactNested(t *testing.T) {
	outer, inner := newEpoll(t), newEpoll(t)
	ok(t, EpollAdd(outer, inner, unix.EPOLLIN|unix.EPOLLET, 1, -1))
	var fars []int
	for i := range int32(10) {
		near, far := pair(t)
		ok(t, EpollAdd(inner, near, unix.EPOLLIN|unix.EPOLLET, 10+i, -10-i))
		fars = append(fars, far)
	}
	for range 3 {
		for _, far := range fars {
			send(t, far, "x", 0)
		}
		if got := poll(t, outer, 10); got[1] == 0 {
			t.Fatal("the outer epoll reports nothing")
		}
		if got := poll(t, inner, 3); len(got) != 3 {
			t.Errorf("%d events, want 3", len(got))
		}
		if got := poll(t, outer, 10); len(got) != 0 {
			t.Log("this kernel wakes again for what was left")
		}
		if got := poll(t, inner, 10); len(got) != 7 {
			t.Errorf("%d events are left, want 7", len(got))
		}
		if got := poll(t, inner, 10); len(got) != 0 {
			t.Errorf("%d events too many", len(got))
		}
	}
}

// Fact f: what the mutex is for shows. Registering in an instance that is watched looks at
// everything that is connected to it, and so finds the path too many; registering in one that
// is not watched does not look.
func TestFactNestedAddLooksFurther(t *testing.T) {
	a, b := newEpoll(t), newEpoll(t)
	ok(t, EpollAdd(a, b, unix.EPOLLIN, 1, -1))
	if err := EpollAdd(b, a, unix.EPOLLIN, 1, -1); !errors.Is(err, unix.ELOOP) {
		t.Errorf("a cycle of two: %v", err)
	}

	// The longest way up has five steps, so its limit is the lowest: ten of them.
	const ways, steps = 10, 5
	up := newEpoll(t)
	for range steps - 3 {
		inner := newEpoll(t)
		ok(t, EpollAdd(up, inner, unix.EPOLLIN, 1, -1))
		up = inner
	}
	last := func() int {
		inner, innermost := newEpoll(t), newEpoll(t)
		ok(t, EpollAdd(inner, innermost, unix.EPOLLIN, 1, -1))
		ok(t, EpollAdd(up, inner, unix.EPOLLIN, 1, -1))
		return innermost
	}
	near, _ := pair(t)
	for n := range ways {
		if err := EpollAdd(last(), near, edges, 2, -2); err != nil {
			t.Fatalf("way number %d: %v", n, err)
		}
	}
	if err := EpollAdd(last(), near, edges, 2, -2); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a way too many: %v", err)
	}
	ok(t, EpollAdd(newEpoll(t), near, edges, 2, -2))
}

// Fact g: of those that watch a descriptor only so many may be nested. The number may
// change, and there may be none; then the fallback for it is never used.
func TestFactManyNested(t *testing.T) {
	const many = 600
	var limit unix.Rlimit
	ok(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if limit.Cur < many+100 {
		t.Skipf("%d descriptors are too few", limit.Cur)
	}
	outer := newEpoll(t)
	near, _ := pair(t)
	for n := range many {
		inner := newEpoll(t)
		ok(t, EpollAdd(outer, inner, unix.EPOLLIN|unix.EPOLLET, 1, -1))
		if err := EpollAdd(inner, near, edges, 2, -2); err != nil {
			if !errors.Is(err, unix.EINVAL) || n != 500 {
				t.Errorf("%v to the nested instance number %d", err, n)
			}
			ok(t, EpollAdd(newEpoll(t), near, edges, 2, -2))
			return
		}
	}
	t.Errorf("%d nested instances watch it", many)
}

// A wake-up must not be lost because a counter is full, or said to be.
func TestNotifyOfFullCounter(t *testing.T) {
	fd, err := Eventfd()
	ok(t, err)
	defer CloseFD(fd)
	full := binary.NativeEndian.AppendUint64(nil, math.MaxUint64-1)
	if _, err := syscall.Write(fd, full); err != nil {
		t.Fatal(err)
	}
	for _, denied := range []int{0, 1, 3} {
		calls := 0
		restore := SetFault(func(call Call, _ int) error {
			if calls++; call == CallNotify && calls%2 == 1 && calls < 2*denied {
				return syscall.EAGAIN // to the writes, of which each is followed by a read
			}
			return nil
		})
		Notify(fd)
		restore()
		var n [8]byte
		if _, err := syscall.Read(fd, n[:]); err != nil || binary.NativeEndian.Uint64(n[:]) != 1 {
			t.Errorf("after %d refusals the counter is %d, %v", denied, binary.NativeEndian.Uint64(n[:]), err)
		}
	}
}

// Every Notify must be an edge, without the descriptor ever being read, or a wake-up
// would be the last.
func TestNotifyIsAnEdge(t *testing.T) {
	epfd := newEpoll(t)
	wake, err := Eventfd()
	ok(t, err)
	defer CloseFD(wake)
	ok(t, EpollAdd(epfd, wake, unix.EPOLLIN|unix.EPOLLET, 7, -7))
	for range 1000 {
		Notify(wake)
		if got := poll(t, epfd, 10); got[7] != unix.EPOLLIN {
			t.Fatalf("reported %#x", got[7])
		}
		if got := poll(t, epfd, 10); len(got) != 0 {
			t.Fatal("reported twice")
		}
	}
}

// A call that a signal or a tracer interrupts must be made again, and one that fails for
// good must not be lost: a goroutine would sleep on.
func TestEventfdErrors(t *testing.T) {
	for errno, want := range map[unix.Errno]bool{0: true, unix.EAGAIN: true, unix.EINTR: false} {
		if got := eventfdDone(3, errno); got != want {
			t.Errorf("%d: done %v, want %v", errno, got, want)
		}
	}
	for name, f := range map[string]func(){
		"notify": func() { Notify(-1) },
		"take":   func() { TakeNotify(-1) },
	} {
		func() {
			defer func() {
				if got := recover(); got != "eventfd -1: bad file descriptor" {
					t.Errorf("%s: %v", name, got)
				}
			}()
			f()
		}()
	}
}

// A wait that is short fires nothing and is made again, at 100% of a CPU.
func TestTimeoutMillis(t *testing.T) {
	for d, want := range map[time.Duration]int{
		math.MinInt64:                           -1,
		-1:                                      -1,
		0:                                       0,
		1:                                       1,
		time.Millisecond - 1:                    1,
		time.Millisecond:                        1,
		time.Millisecond + 1:                    2,
		time.Second:                             1000,
		(math.MaxInt32 - 1) * time.Millisecond:  math.MaxInt32 - 1,
		(math.MaxInt32-1)*time.Millisecond + 1:  math.MaxInt32,
		math.MaxInt32 * time.Millisecond:        math.MaxInt32,
		math.MaxInt32*time.Millisecond + 1:      math.MaxInt32,
		math.MaxInt64 - math.MaxInt64%1_000_000: math.MaxInt32,
		math.MaxInt64:                           math.MaxInt32,
	} {
		if got := timeoutMillis(d); got != want {
			t.Errorf("%v is %d ms, want %d", d, got, want)
		}
	}
}

// EpollWait must do the same with and without epoll_pwait2.
func TestEpollWait(t *testing.T) {
	defer noPwait2.Store(noPwait2.Load())
	for name, old := range map[string]bool{"epoll_pwait2": false, "epoll_wait": true} {
		t.Run(name, func(t *testing.T) {
			noPwait2.Store(old)
			epfd := newEpoll(t)
			near, far := pair(t)
			ok(t, EpollAdd(epfd, near, unix.EPOLLIN|unix.EPOLLET, 7, -7))
			events := make([]EpollEvent, 4)
			for _, timeout := range []time.Duration{0, 1, 100 * time.Microsecond, 3 * time.Millisecond} {
				start := time.Now()
				for left := timeout; left >= 0; left = timeout - time.Since(start) { // a signal may end it early
					if n := EpollWait(epfd, events, left); n != 0 {
						t.Errorf("%d events of none", n)
					}
				}
			}
			for _, timeout := range []time.Duration{0, time.Hour, math.MaxInt64, -1} {
				send(t, far, "x", 0)
				if n := EpollWait(epfd, events, timeout); n != 1 || events[0].Fd != 7 || events[0].Pad != -7 {
					t.Errorf("timeout %v: %d events, %+v", timeout, n, events[0])
				}
			}
			for _, timeout := range []time.Duration{time.Hour, math.MaxInt64, -1} {
				got := make(chan int, 1)
				go func() {
					n := 0
					for n == 0 {
						n = EpollWait(epfd, events, timeout)
					}
					got <- n
				}()
				send(t, far, "x", 0)
				if n := <-got; n != 1 {
					t.Errorf("timeout %v: %d events", timeout, n)
				}
			}
		})
	}
}

// If this fails, a filter that comes to deny epoll_pwait2 ends the program.
func TestEpollWaitIsDeniedLater(t *testing.T) {
	defer noPwait2.Store(noPwait2.Load())
	noPwait2.Store(false)
	epfd := newEpoll(t)
	near, far := pair(t)
	ok(t, EpollAdd(epfd, near, unix.EPOLLIN|unix.EPOLLET, 7, -7))
	events := make([]EpollEvent, 4)
	for _, errno := range []syscall.Errno{0, syscall.EINTR, syscall.EPERM} {
		send(t, far, "x", 0)
		restore := SetFault(func(call Call, _ int) error {
			if call == CallEpollWait2 && errno != 0 {
				return errno
			}
			return nil
		})
		n := EpollWait(epfd, events, time.Hour)
		restore()
		if errno == syscall.EINTR && n == 0 {
			n = EpollWait(epfd, events, time.Hour)
		}
		if n != 1 || events[0].Fd != 7 {
			t.Errorf("%v: %d events", errno, n)
		}
	}
}

// A bad argument is a mistake of ours and must not be slept over.
func TestEpollPanics(t *testing.T) {
	defer noPwait2.Store(noPwait2.Load())
	for name, f := range map[string]func(){
		"poll": func() { EpollPoll(-1, make([]EpollEvent, 1)) },
		"wait": func() { noPwait2.Store(false); EpollWait(-1, make([]EpollEvent, 1), 0) },
		"old":  func() { noPwait2.Store(true); EpollWait(-1, make([]EpollEvent, 1), 0) },
	} {
		func() {
			defer func() {
				if got := recover(); got != "epoll_pwait: bad file descriptor" {
					t.Errorf("%s: %v", name, got)
				}
			}()
			f()
		}()
	}
}

// A signal must end a wait early, and nothing else.
func TestInterruptedWait(t *testing.T) {
	defer noPwait2.Store(noPwait2.Load())
	noPwait2.Store(true)
	epfd := newEpoll(t)
	defer SetFault(func(call Call, _ int) error {
		if call == CallEpollWait {
			return syscall.EINTR
		}
		return nil
	})()
	if n := EpollWait(epfd, make([]EpollEvent, 1), -1); n != 0 {
		t.Errorf("%d events", n)
	}
}
