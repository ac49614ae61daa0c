package nettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A test starts its own program again where what it does would disturb others: a limit of
// the process, a signal, a network that loses packets. TestMain calls Children, which runs
// what the child is for, before the testing package has opened anything.

// programs are what children run. A program prints its result, and panics if it has none.
type programs = map[string]func(args []string)

const (
	childArg = "nettest-child"     // the first argument of a child, before the program's name
	notIn    = "NETPOLLER_NOT_IN"  // the network namespace of the parent, for a child that has its own
	ownNet   = "/proc/self/ns/net" // a link that names the namespace
)

// AtOnce is the environment of a child that does not sleep before it exits, as a program
// with the race detector does.
const AtOnce = "GORACE=exitcode=66 atexit_sleep_ms=0"

// Children runs a program, and does not return, in a process that Child or Alone started.
func Children(known programs) {
	if len(os.Args) < 3 || os.Args[1] != childArg {
		return
	}
	if parents, own := os.Getenv(notIn), ""; parents != "" {
		own, _ = os.Readlink(ownNet)
		if err := separate(own, parents); err != nil {
			panic(err)
		}
		if err := SetLink("lo", true); err != nil {
			panic(err)
		}
	}
	known[os.Args[2]](os.Args[3:])
	os.Exit(0)
}

// ChildArgs returns the arguments with which this program, started again, runs a program. From
// a process that Alone has started, it has the same network.
func ChildArgs(name string, args ...string) []string {
	return append([]string{childArg, name}, args...)
}

// MustBeAlone panics in a process whose network is not its own, made by Alone. A test
// that changes links, addresses or settings of the network calls it first.
func MustBeAlone() {
	own, _ := os.Readlink(ownNet)
	if err := separate(own, os.Getenv(notIn)); err != nil {
		panic(err)
	}
}

// separate returns an error unless the namespace is neither the parent's nor, as far as
// that can be seen, the system's.
func separate(own, parents string) error {
	systems, err := os.Readlink("/proc/1/ns/net")
	if own == "" || parents == "" || own == parents || err == nil && own == systems {
		return fmt.Errorf("nettest: the network is not this process's own: %q, the parent's is %q, the system's %q", own, parents, systems)
	}
	return nil
}

// Child runs a program in a process of its own and returns what it printed.
func Child(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := TryChild(t, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TryChild is Child of a program that may fail. The error has what it complained of.
func TryChild(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	return child(t, nil, name, args)
}

// Alone is Child in a network namespace of the process's own. There is nothing in it but a
// loopback interface that is up. It skips the test where that is not allowed; root may, so
// for root the test fails.
func Alone(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := child(t, ownNetwork(), name, args)
	var refused *os.PathError
	if errors.As(err, &refused) && (os.Getuid() != 0 || os.Getenv("CI") == "") {
		t.Skipf("cannot have a network of its own: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// RerunAlone runs a test in a child process whose network is empty but for the loopback
// interface and what the commands make, and in which it is root. It reports whether
// this is the child.
func RerunAlone(t *testing.T, commands ...string) bool {
	t.Helper()
	const inChild = "NETPOLLER_ALONE"
	if os.Getenv(inChild) != "" {
		return true
	}
	t.Parallel() // the child's network is its own
	script := "set -e\nip link set lo up\n"
	for _, c := range commands {
		script += c + "\n"
	}
	exe, err := os.Executable()
	check(t, "readlink", err)
	cmd := exec.Command("/bin/sh", "-c", script+`echo ready; exec "$0" "$@"`,
		exe, "-test.run=^"+t.Name()+"$", "-test.v", "-test.parallel=32")
	cmd.Env = append(os.Environ(), inChild+"=1", "GOMAXPROCS="+strconv.Itoa(runtime.GOMAXPROCS(0)))
	cmd.SysProcAttr = ownNetwork()
	out, err := cmd.CombinedOutput()
	if !bytes.HasPrefix(out, []byte("ready\n")) {
		t.Skipf("cannot have a network of its own: %v: %s", err, out)
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// RerunUnprivileged runs a test in a child process of a user without privileges. It reports
// whether this is the child.
func RerunUnprivileged(t *testing.T) bool {
	t.Helper()
	const inChild = "NETPOLLER_UNPRIVILEGED"
	if os.Getenv(inChild) != "" {
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("only root can run a child as another user")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inChild+"=1")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// ownNetwork makes a child have a network namespace of its own, in which it is root.
func ownNetwork() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

func child(t testing.TB, attr *syscall.SysProcAttr, name string, args []string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", ChildArgs(name, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // it prints where it hangs
	cmd.WaitDelay = Patience / 10
	cmd.Env = append(os.Environ(), AtOnce, "GOMAXPROCS="+strconv.Itoa(runtime.GOMAXPROCS(0)))
	if attr != nil {
		parents, err := os.Readlink(ownNet)
		check(t, "readlink", err)
		cmd.SysProcAttr = attr
		cmd.Env = append(cmd.Env, notIn+"="+parents)
	}
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %v: %w\n%s%s", name, args, err, &out, &complaints)
	}
	return out.String(), nil
}

// Kernel returns the kernel's version, such as 6.18.
func Kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		panic(err)
	}
	parts := strings.SplitN(unix.ByteSliceToString(name.Release[:]), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}
