package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/listener"
)

// denyBind says to a test process that a policy is to deny it bind(2) from the start.
const denyBind = "NETPOLLER_TEST_DENY_BIND"

// cannotDeny is the status of a process that found no way to deny it.
const cannotDeny = 77

// A socket for all addresses must be of the family that package net's is, whatever net
// makes of a policy that denies bind(2): before Go 1.27 it took IPv6 for missing.
func TestWildcardFamilyWhereBindIsDenied(t *testing.T) {
	if runtime.GOARCH == "386" || runtime.GOARCH == "s390x" {
		t.Skip("package syscall binds by socketcall(2), which a filter cannot tell from others")
	}
	if os.Getenv(denyBind) == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), denyBind+"=1")
		out, err := child.CombinedOutput()
		if errors.Is(err, syscall.ENOEXEC) {
			t.Skip("emulated: the machine cannot run this program by itself")
		}
		if child.ProcessState.ExitCode() == cannotDeny {
			t.Skipf("%s", out)
		}
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: "+t.Name())
		return
	}
	told := func(net, address *string) func(string, string, syscall.RawConn) error {
		return func(n, a string, _ syscall.RawConn) error { *net, *address = n, a; return nil }
	}
	for _, network := range []string{"tcp", "udp", "tcp4", "udp6"} {
		for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "127.0.0.1:0"} {
			var std, ours, stdAddress, oursAddress string
			stdConfig := net.ListenConfig{Control: told(&std, &stdAddress)}
			ourConfig := listener.ListenConfig{Control: told(&ours, &oursAddress)}
			var stdErr, oursErr error
			if network[:3] == "tcp" {
				_, stdErr = stdConfig.Listen(context.Background(), network, address)
				_, oursErr = ourConfig.Listen(context.Background(), network, address)
			} else {
				_, stdErr = stdConfig.ListenPacket(context.Background(), network, address)
				_, oursErr = ourConfig.ListenPacket(context.Background(), network, address)
			}
			require.Error(t, stdErr)
			require.Equal(t, fmt.Sprint(stdErr), fmt.Sprint(oursErr))
			require.Equal(t, []string{std, stdAddress}, []string{ours, oursAddress}, "%s %s", network, address)
		}
	}
}

// deny makes a system call fail, for this process and all that it starts.
func deny(call uintptr, errno syscall.Errno) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno = unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}
