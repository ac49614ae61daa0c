package listener_test

import (
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/listener"
)

var discard = log.New(io.Discard, "", 0)

const inChild = "NETPOLLER_TEST_CHILD"

// With no descriptor left, Accept must fail as package net's does, at once and each
// time, and take the connection when there is one again: without a new edge, since the
// connection came before.
func TestEMFILE(t *testing.T) {
	if os.Getenv(inChild) == "" {
		child := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), inChild+"=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: "+t.Name())
		return
	}
	var theirs, ours string
	t.Run("net", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		theirs = exhausted(t, l)
	})
	t.Run("ours", func(t *testing.T) {
		l, err := listener.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		var calls atomic.Int64
		defer sys.SetFault(func(call sys.Call, _ int) error {
			if call == sys.CallAccept {
				calls.Add(1)
			}
			return nil
		})()
		ours = exhausted(t, l)
		require.LessOrEqual(t, calls.Load(), int64(6), "one system call for each error")
	})
	require.Equal(t, theirs, ours)
}

// exhausted runs l out of descriptors and back, and returns the errors.
func exhausted(t *testing.T, l net.Listener) (errs string) {
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	free := useAllFDs(t)
	for range 3 {
		a, err := l.Accept()
		require.True(t, a == nil)
		require.Error(t, err)
		errs += nettest.Describe(err)
	}
	free()
	a, err := l.Accept()
	require.NoError(t, err)
	defer a.Close()
	carries(t, c, a)
	return nettest.NamePorts(errs, nil)
}

// useAllFDs opens descriptors until there are none, and returns what closes them.
func useAllFDs(t *testing.T) (free func()) {
	var old syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	few := old
	few.Cur = 64
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few))
	var fds []int
	for {
		fd, err := sys.Dup(0)
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			break
		}
		fds = append(fds, fd)
	}
	return func() {
		for _, fd := range fds {
			syscall.Close(fd)
		}
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old))
	}
}
