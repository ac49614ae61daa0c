package waiting

import (
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// If this fails, docs/reference/costs.md is wrong about what tools show of a goroutine that waits,
// and the filters that it names let it through.
func TestDumpsOfGoroutinesThatWait(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/costs.md")
	require.NoError(t, err)
	documented := func(pattern string) string {
		match := regexp.MustCompile(pattern).FindSubmatch(page)
		require.NotNil(t, match, "docs/reference/costs.md has no %s", pattern)
		return string(match[1])
	}
	ignored := regexp.MustCompile(documented(`pprof -ignore='(.*?)'`))
	inside := documented(`goleak\.IgnoreAnyFunction\("(.*?)"\)`)

	defer runtime.SetBlockProfileRate(0)
	runtime.SetBlockProfileRate(1)
	for _, tt := range []struct {
		name  string
		dial  func(network, address string) (net.Conn, error)
		state string
		in    string // the function that all such goroutines are in
		noted bool   // in the block profile
	}{
		{"net", net.Dial, "IO wait", "internal/poll.runtime_pollWait", false},
		{"ours", netpoller.Dial, "chan receive", inside, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			c, err := tt.dial("tcp", l.Addr().String())
			require.NoError(t, err)
			defer c.Close()
			peer, err := l.Accept()
			require.NoError(t, err)
			before, _ := blocked()
			read := make(chan error)
			go readForDump(c, read)
			nettest.Eventually(t, "a Read waits", func() bool { return waitsIn(tt.state, tt.in) })
			require.NoError(t, peer.Close())
			require.Equal(t, io.EOF, <-read)

			after, stacks := blocked()
			require.Equal(t, tt.noted, after > before, "%q", stacks)
			for _, stack := range stacks {
				require.Regexp(t, ignored, stack)
			}
		})
	}
}

// readForDump has a name by which a dump and a profile tell it from others.
func readForDump(c net.Conn, read chan<- error) {
	_, err := c.Read(make([]byte, 8))
	read <- err
}

// waitsIn reports whether readForDump is in such a state and function.
func waitsIn(state, function string) bool {
	for g := range strings.SplitSeq(nettest.Stacks(), "\n\n") {
		if strings.Contains(g, ".readForDump(") {
			head, frames, _ := strings.Cut(g, "\n")
			return strings.Contains(head, "["+state) && strings.Contains(frames, function+"(")
		}
	}
	return false
}

// blocked returns how often the block profile has seen readForDump wait in a Read, and
// the stacks.
func blocked() (times int64, stacks []string) {
	n, _ := runtime.BlockProfile(nil)
	records := make([]runtime.BlockProfileRecord, n+100)
	n, _ = runtime.BlockProfile(records)
	for _, r := range records[:n] {
		var stack string
		for frames, more := runtime.CallersFrames(r.Stack()), true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			stack += f.Function + "\n"
		}
		if strings.Contains(stack, ".readForDump\n") && strings.Contains(stack, ".Read\n") {
			times += r.Count
			stacks = append(stacks, stack)
		}
	}
	return times, stacks
}
