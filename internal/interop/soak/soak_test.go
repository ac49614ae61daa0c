//go:build linux

package soak

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

var duration = flag.Duration("soak", 10*time.Second, "how long TestMixed runs with each wait strategy")

// clients is how many client processes there are at any time.
const clients = 3

// TestMain runs the test, or, in a child process, a client.
func TestMain(m *testing.M) {
	if s := os.Getenv(clientEnv); s != "" {
		os.Exit(clientMain(s))
	}
	os.Exit(ends.WithoutLeaks(m.Run))
}

// If this fails, something is lost under a mixture of everything: a byte, a connection
// that nobody broke, or what must be given back in the end.
func TestMixed(t *testing.T) {
	for _, c := range []struct {
		name   string
		config netpoller.PollerConfig
	}{
		{"nested", netpoller.PollerConfig{Strategy: netpoller.PollerNested}},
		{"thread", netpoller.PollerConfig{Strategy: netpoller.PollerThread, Pollers: 2}},
	} {
		t.Run(c.name, func(t *testing.T) { mixed(t, c.config) })
	}
}

func mixed(t *testing.T, config netpoller.PollerConfig) {
	before := ends.CountResources()
	group := netpoller.NewPollerGroup(config)
	s := newServer(t, group)
	total := runClients(t, s, config)
	s.stop()

	stats := group.Stats()
	assert.True(t, ends.Idle(stats), "left in the server's group: %+v", stats)
	require.NoError(t, group.Close())
	after, ok := before.Restored()
	assert.True(t, ok, "left behind by the server: %v before, %v after", before, after)
	assert.Empty(t, s.complaints())
	for _, k := range kinds {
		assert.NotZero(t, total[k.name], k.name)
	}
	t.Logf("%d clients, %d of them killed", s.started, s.killed())
	for _, name := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%-12s %8d", name, total[name])
	}
	t.Logf("server: %+v", stats)
}

// runClients keeps clients running, and now and then stops one or kills one. It returns
// what those did that were not killed.
func runClients(t *testing.T, s *server, config netpoller.PollerConfig) (total map[string]int64) {
	total = map[string]int64{}
	running := make([]*child, clients)
	for i := range running {
		running[i] = s.start(config)
	}
	for end := time.Now().Add(*duration); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(rand.N(time.Second))
		i := rand.IntN(clients)
		if rand.IntN(3) == 0 {
			running[i].stop(t, total)
		} else {
			running[i].kill(s)
		}
		running[i] = s.start(config)
	}
	for _, c := range running {
		c.stop(t, total)
	}
	return total
}

// A child is a client process. It runs until its standard input ends.
type child struct {
	id     string
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout bytes.Buffer
	stderr strings.Builder
}

// start starts another client.
func (s *server) start(config netpoller.PollerConfig) *child {
	s.started++
	id := fmt.Sprint(s.started)
	settings, err := json.Marshal(settings{ID: id, Addresses: s.addresses, CA: s.ca, Config: config})
	require.NoError(s.t, err)
	binary, err := os.Executable()
	require.NoError(s.t, err)
	c := &child{id: id, cmd: exec.Command(binary)}
	c.cmd.Env = append(os.Environ(), clientEnv+"="+string(settings))
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	c.stdin, err = c.cmd.StdinPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, c.cmd.Start())
	return c
}

// stop lets the client end what it does, and adds what it did to total.
func (c *child) stop(t *testing.T, total map[string]int64) {
	c.stdin.Close()
	assert.NoError(t, c.cmd.Wait(), "client %s: %s", c.id, &c.stderr)
	var did map[string]int64
	if assert.NoError(t, json.Unmarshal(c.stdout.Bytes(), &did), "client %s: %s", c.id, &c.stdout) {
		for name, n := range did {
			total[name] += n
		}
	}
}

// kill ends the client in the middle of whatever it does.
func (c *child) kill(s *server) {
	s.forgive(c.id)
	c.cmd.Process.Kill()
	c.cmd.Wait()
	c.stdin.Close()
}
