package conn_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/listener"
)

// denied names, to a test process, the policy that it is to have from the start.
const denied = "NETPOLLER_TEST_DENIED"

// cannotDeny is the status of a process that found no way to have it.
const cannotDeny = 77

// policies are filters of system calls.
var policies = map[string][]unix.SockFilter{
	"bind": {
		load(0), // the call's number
		unlessEqual(unix.SYS_BIND, 1),
		fail(unix.EPERM),
		allow,
	},
	// As on a system without IPv6, where only TCP is allowed.
	"all but IPv4 TCP": {
		load(0),
		unlessEqual(unix.SYS_SOCKET, 8),
		load(argument(0)),
		unlessEqual(unix.AF_INET6, 1),
		fail(unix.EAFNOSUPPORT),
		unlessEqual(unix.AF_INET, 4),
		load(argument(1)),
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xf}, // without the flags
		unlessEqual(unix.SOCK_DGRAM, 1),
		fail(unix.EPERM),
		allow,
	},
}

// underPolicy runs the test in a process that has the policy, and reports whether this
// is that process.
func underPolicy(t *testing.T, policy string) bool {
	if os.Getenv(denied) != "" {
		return true
	}
	if runtime.GOARCH == "386" || runtime.GOARCH == "s390x" {
		t.Skip("package syscall uses socketcall(2), whose calls a filter cannot tell apart")
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), denied+"="+policy)
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("emulated: the machine cannot run this program by itself")
	}
	if child.ProcessState.ExitCode() == cannotDeny {
		t.Skipf("%s", out)
	}
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

// Where a policy allows TCP sockets only, on a system without IPv6, a listener for all
// addresses must be an IPv4 one, as package net's is.
func TestWildcardFamilyWhereOnlyIPv4TCPIsAllowed(t *testing.T) {
	if !underPolicy(t, "all but IPv4 TCP") {
		return
	}
	_, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.ErrorIs(t, err, unix.EPERM)
	_, err = net.Listen("tcp6", "[::1]:0")
	require.Error(t, err)
	std, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	defer std.Close()
	ours, err := listener.Listen("tcp", ":0")
	require.NoError(t, err)
	defer ours.Close()
	require.Equal(t, std.Addr().(*net.TCPAddr).IP, ours.Addr().(*net.TCPAddr).IP)
}

// A socket for all addresses must be of the family that package net's is, whatever net
// makes of a policy that denies bind(2): before Go 1.27 it took IPv6 for missing.
func TestWildcardFamilyWhereBindIsDenied(t *testing.T) {
	if !underPolicy(t, "bind") {
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

// load loads 32 bits of what a filter is told of a call (struct seccomp_data).
func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// argument is the offset of the lower half of an argument.
func argument(i uint32) uint32 {
	offset := 16 + 8*i
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 { // big-endian
		offset += 4
	}
	return offset
}

func unlessEqual(value uint32, skip uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: skip}
}

func fail(errno syscall.Errno) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

var allow = unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}

// deny sets a policy, for this process and all that it starts.
func deny(policy string) error { return nettest.InstallFilter(policies[policy]) }
