//go:build linux

package poller

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/polldesc"
)

// denied says to a test process which system call fails there, and with which error:
// "441 38" stands for what an old kernel says to epoll_pwait2.
const denied = "NETPOLLER_TEST_DENIED"

const cannotFilter = 77

func TestMain(m *testing.M) {
	if r, w, err := os.Pipe(); err == nil { // starts Go's own poller, lest it be counted
		r.Close()
		w.Close()
	}
	if filter := os.Getenv(denied); filter != "" {
		if err := deny(filter); err != nil {
			fmt.Println("cannot filter system calls:", err)
			os.Exit(cannotFilter)
		}
	}
	os.Exit(m.Run())
}

// deny makes a call fail, to this process and all it starts.
func deny(filter string) error {
	var call, errno uint32
	if _, err := fmt.Sscan(filter, &call, &errno); err != nil {
		return err
	}
	return nettest.InstallFilter([]unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	})
}

func denial(call int, errno syscall.Errno) string { return fmt.Sprint(call, " ", int(errno)) }

// runDenied runs tests in a process where a call fails, but no search, which asks no kernel.
func runDenied(t *testing.T, tests string, call int, errno syscall.Errno) {
	t.Helper()
	if os.Getenv(denied) != "" {
		t.Skip("this is one")
	}
	cmd := exec.Command(os.Args[0], "-test.run="+tests, "-test.skip=^TestSearch", "-test.short",
		fmt.Sprint("-test.cpu=", runtime.GOMAXPROCS(0)))
	cmd.Env = append(os.Environ(), denied+"="+denial(call, errno))
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("emulated: the machine cannot run this program by itself")
	}
	if cmd.ProcessState.ExitCode() == cannotFilter {
		t.Skipf("%s", out)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// All of it must work without epoll_pwait2, found out at the first wait: on a kernel that
// lacks it, and where a filter denies it with whatever error.
func TestWithoutPwait2(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSYS, syscall.EPERM, syscall.EACCES, syscall.EINVAL} {
		t.Run(errno.Error(), func(t *testing.T) {
			tests := "/thread"
			if errno != syscall.ENOSYS {
				tests = "TestTimersFireInOrder|TestMoreThanMaxEvents/thread" // the rest knows no difference
			}
			runDenied(t, tests, unix.SYS_EPOLL_PWAIT2, errno)
		})
	}
}

// A program that has used up its watches must learn that, whichever epoll instance had no
// room for one more.
func TestNoWatchesLeft(t *testing.T) {
	if os.Getenv(denied) != denial(unix.SYS_EPOLL_CTL, syscall.ENOSPC) {
		runDenied(t, "TestNoWatchesLeft", unix.SYS_EPOLL_CTL, syscall.ENOSPC)
		return
	}
	for name, w := range strategies {
		before := descriptors(t)
		g := NewGroup(Config{Pollers: 1, Strategy: w})
		p, err := g.Pick()
		if p != nil || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: Pick = %v, %v", name, p, err)
		}
		if n := descriptors(t) - before; n != 0 {
			t.Errorf("%s: %d descriptors are left", name, n)
		}
		ok(t, g.Close())
	}
}

// Where a filter denies fcntl(2), Go's poller is not asked to watch an epoll instance. All
// must work then, in a thread, and leave nothing.
func TestWithoutFcntl(t *testing.T) {
	if os.Getenv(denied) != denial(unix.SYS_FCNTL, syscall.EPERM) {
		runDenied(t, "TestWithoutFcntl", unix.SYS_FCNTL, syscall.EPERM)
		return
	}
	before := descriptors(t)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	p, err := g.Pick()
	ok(t, err)
	if w, is := p.strategy.(*thread); !is {
		t.Errorf("it waits by %T", w)
	}
	var fds [2]int
	ok(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	pd, err := p.open(fds[0])
	ok(t, err)
	ok(t, pd.Prepare(polldesc.Read))
	woken := make(chan error, 1)
	go func() { woken <- pd.Wait(polldesc.Read) }()
	_, err = unix.Write(fds[1], []byte("x"))
	ok(t, err)
	ok(t, result(t, "Wait", woken))
	pd.Evict()
	p.drop(fds[0], pd)
	ok(t, g.Close())
	ok(t, errors.Join(unix.Close(fds[0]), unix.Close(fds[1])))
	if n := descriptors(t); n != before {
		t.Errorf("%d descriptors are left", n-before)
	}
}
