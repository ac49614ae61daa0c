//go:build linux

package examples_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// If this fails, a connection is refused, reset or left without an answer while a
// server restarts, a client that is slow is cut off by it, or an old process stays.
func TestRestart(t *testing.T) {
	out, w, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	cmd := exec.Command(build(t, "restart"), "-listen", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = w, w
	require.NoError(t, cmd.Start())
	w.Close()
	lines := bufio.NewReader(out)
	require.NoError(t, out.SetReadDeadline(time.Now().Add(2*nettest.Patience)))
	pid, address := announced(t, lines)
	defer func() { syscall.Kill(pid, syscall.SIGKILL) }()

	answers := hammer(t, address)
	defer answers.stop()
	for range 4 {
		slow, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer slow.Close()
		_, err = io.WriteString(slow, "begun ")
		require.NoError(t, err)
		by, err := ask(address) // is accepted after the slow one
		require.NoError(t, err)
		require.Equal(t, pid, by)

		old := pid
		require.NoError(t, syscall.Kill(old, syscall.SIGHUP))
		pid, _ = announced(t, lines)
		require.NotEqual(t, old, pid)
		require.Eventually(t, func() bool { return answers.of(pid) > 20 }, nettest.Patience, time.Millisecond)
		require.Eventually(t, func() bool { // the old one has stopped
			before := answers.of(old)
			for range 10 {
				if _, err := ask(address); err != nil {
					t.Error(err)
				}
			}
			return answers.of(old) == before
		}, nettest.Patience, time.Millisecond)
		_, err = io.WriteString(slow, "and ended\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(slow)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("%d begun and ended\n", old), string(answer))
	}
	answers.stop()
	require.NoError(t, cmd.Wait(), "the first process ends as it should")
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	rest, err := io.ReadAll(lines) // ends when nobody can write any more
	require.NoError(t, err, "every process has ended")
	require.Empty(t, string(rest), "nobody complained")
}

// announced returns who serves where, as a process says when it does.
func announced(t *testing.T, lines *bufio.Reader) (pid int, address string) {
	t.Helper()
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscanf(line, "process %d listening on %s", &pid, &address)
	require.NoError(t, err, line)
	return pid, address
}

// answers counts who has answered.
type answers struct {
	mu   sync.Mutex
	by   map[int]int
	stop func()
}

func (a *answers) of(pid int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.by[pid]
}

// hammer makes connections, several at a time and one after the other, until it is
// stopped. Each must be answered.
func hammer(t *testing.T, address string) *answers {
	a := &answers{by: make(map[int]int)}
	var workers sync.WaitGroup
	var stopped atomic.Bool
	a.stop = func() { stopped.Store(true); workers.Wait() }
	for range 4 {
		workers.Go(func() {
			for !stopped.Load() {
				pid, err := ask(address)
				if err != nil {
					t.Error(err)
					return
				}
				a.mu.Lock()
				a.by[pid]++
				a.mu.Unlock()
			}
		})
	}
	return a
}

// ask makes a connection and returns who answers.
func ask(address string) (pid int, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(nettest.Patience))
	if _, err = io.WriteString(c, "hello\n"); err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		return 0, err
	}
	if _, err = fmt.Sscanf(string(answer), "%d hello", &pid); err != nil {
		return 0, fmt.Errorf("answered %q: %w", strings.TrimSpace(string(answer)), err)
	}
	return pid, nil
}
