package counting

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const (
	knownEnv   = "NETPOLLER_BENCH_KNOWN_CALLS"
	knownCalls = 5000
)

// TestMain lets the test binary be the program whose system calls are known.
func TestMain(m *testing.M) {
	if os.Getenv(knownEnv) != "" {
		makeKnownCalls(os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

// makeKnownCalls makes two steps, each when it is told to: knownCalls writes on each of two threads, then as many other
// calls. It says when it has started and when a step is done.
func makeKnownCalls(in io.Reader, out io.Writer) {
	null, err := unix.Open("/dev/null", unix.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	steps := []func(){
		func() {
			done := make(chan bool)
			go func() {
				runtime.LockOSThread()
				writeTimes(null)
				done <- true
			}()
			writeTimes(null)
			<-done
		},
		func() {
			for range knownCalls {
				unix.Getppid()
			}
		},
	}
	var told [1]byte
	for _, step := range steps {
		fmt.Fprint(out, ".")
		in.Read(told[:])
		step()
	}
	fmt.Fprint(out, ".")
	in.Read(told[:])
}

func writeTimes(fd int) {
	for range knownCalls {
		if _, err := unix.Write(fd, []byte("x")); err != nil {
			panic(err)
		}
	}
}

// Both counters must find what a program with known calls makes; the runtime adds a few of its own.
func TestCountersAgainstKnownProgram(t *testing.T) {
	eachCounter(t, func(t *testing.T, counting New) {
		count, err := counting()
		require.NoError(t, err)
		defer count.Close()
		next := startKnown(t, count)

		start := next()
		writes := next()
		others := next()
		const write = 1 // in callKinds
		assert.InDelta(t, 2*knownCalls, writes.byKind[write]-start.byKind[write], 5)
		assert.InDelta(t, 0, others.byKind[write]-writes.byKind[write], 5)
		// The runtime's own calls come on top, but a counter that counts every call twice would be far off.
		assertMoreThan(t, 2*knownCalls, writes.withoutWaits()-start.withoutWaits())
		assertMoreThan(t, knownCalls, others.withoutWaits()-writes.withoutWaits())
	})
}

// withoutWaits leaves out those calls whose number depends on how long everything takes.
func (c Counts) withoutWaits() int64 {
	n := c.total
	for i, k := range callKinds {
		if k.name == "epoll wait" || k.name == "futex" || k.name == "nanosleep" {
			n -= c.byKind[i]
		}
	}
	return n
}

// assertMoreThan allows half as many again.
func assertMoreThan(t *testing.T, want, got int64) {
	assert.GreaterOrEqual(t, got, want)
	assert.Less(t, got, want+want/2)
}

// eachCounter runs a test with every counter that the system allows, on a locked thread as counters ask for.
func eachCounter(t *testing.T, test func(*testing.T, New)) {
	for name, counting := range map[string]New{"ptrace": newPtraceCounter, "tracepoint": newTracepointCounter} {
		t.Run(name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			probe, err := counting()
			if err != nil {
				t.Skip(err)
			}
			probe.Close()
			test(t, counting)
		})
	}
}

// startKnown starts the known program. Each call of next waits until it is idle,
// returns the counts so far and lets it make its next step.
func startKnown(t *testing.T, count Counter) (next func() Counts) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), knownEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	err = count.Start(cmd)
	if errors.Is(err, ErrRefused) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		in.Close()
		count.Wait(cmd)
	})
	return func() Counts {
		_, err := out.Read(make([]byte, 1))
		require.NoError(t, err)
		counts, err := count.Read()
		require.NoError(t, err)
		_, err = in.Write([]byte("\n"))
		require.NoError(t, err)
		return counts
	}
}
