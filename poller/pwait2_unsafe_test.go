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
	"unsafe"

	"golang.org/x/sys/unix"
)

// noPwait2 says to a test process that it is to live on an old kernel.
const noPwait2 = "NETPOLLER_TEST_NO_PWAIT2"

const cannotFilter = 77

func TestMain(m *testing.M) {
	if os.Getenv(noPwait2) != "" {
		if err := withoutPwait2(); err != nil {
			fmt.Println("cannot filter system calls:", err)
			os.Exit(cannotFilter)
		}
	}
	if r, w, err := os.Pipe(); err == nil { // starts Go's own poller, lest it be counted
		r.Close()
		w.Close()
	}
	os.Exit(m.Run())
}

// install makes a filter hold for every thread of this process.
func install(filter []unix.SockFilter) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

// All of it must work on a kernel that lacks epoll_pwait2, found out at the first wait.
func TestWithoutPwait2(t *testing.T) {
	if os.Getenv(noPwait2) != "" {
		t.Skip("this is one")
	}
	cmd := exec.Command(os.Args[0], "-test.run=/thread", "-test.short", fmt.Sprint("-test.cpu=", runtime.GOMAXPROCS(0)))
	cmd.Env = append(os.Environ(), noPwait2+"=1")
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
