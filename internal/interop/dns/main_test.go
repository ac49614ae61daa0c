//go:build linux

package dns

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// TestMain runs the tests and then looks for what they left behind.
func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

// resolvConf is what the machine of these tests says about its name servers.
const resolvConf = `nameserver 127.0.0.1
nameserver 127.0.0.2
options timeout:1 attempts:1
`

// alone runs a test in a child process, in which it is root, whose network is a loopback
// interface of its own and whose /etc/resolv.conf is resolvConf. It reports whether this
// is the child.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv("NETPOLLER_ALONE") != "" {
		return true
	}
	t.Parallel() // the child's network is its own
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	require.NoError(t, os.WriteFile(conf, []byte(resolvConf), 0o644))
	exe, err := os.Executable()
	require.NoError(t, err)
	const script = `set -e
ip link set lo up
mount --make-rprivate /
mount --bind "$1" /etc/resolv.conf
shift
echo ready
exec "$@"`
	child := exec.Command("/bin/sh", "-c", script, "sh", conf,
		exe, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m", "-test.parallel=64")
	child.Env = append(os.Environ(), "NETPOLLER_ALONE=1", "GOMAXPROCS="+strconv.Itoa(runtime.GOMAXPROCS(0)))
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	if len(out) < 6 || string(out[:6]) != "ready\n" {
		t.Skipf("cannot have a network and a resolv.conf of its own: %v: %s", err, out)
	}
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}
