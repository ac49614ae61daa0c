package polldesc

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/tracer"
)

// If this failed, an arming that ends nothing would look as one that does, in a trace.
func TestTraceOfArmings(t *testing.T) {
	pd := newTestDesc()
	gen := pd.Token().Gen
	r := tracer.New(1<<10, tracer.WithoutCalls, 0)
	require.True(t, r.Start())
	defer r.Stop()
	require.NoError(t, pd.SetDeadline(gen, Read, Write, 50, 10))
	pd.Due(pd.deadlines[Read].seq+1, 20)
	pd.Due(pd.deadlines[Read].seq, 60)
	events, _ := r.Snapshot()
	var got []string
	for _, e := range events {
		got = append(got, e.Kind.String()+" "+tracer.Sides[e.Side])
	}
	require.Equal(t, []string{
		"set deadline read", "set deadline write", "armed read", "due, stale ",
		"due read", "due write", "expired read", "expired write", "U1 cancel read", "U1 cancel write",
	}, got)
}

// If this failed, what an actor did to one connection, and noted late, would be shown at the next one
// in the slot.
func TestTraceNamesTheLife(t *testing.T) {
	pd := newTestDesc()
	gen := pd.Token().Gen
	r := tracer.New(1<<10, tracer.WithoutCalls, 0)
	require.True(t, r.Start())
	defer r.Stop()
	at := pd.parkingOf(Read, new(Parker))
	pd.Evict()
	pd.cache.Free(pd)
	require.Same(t, pd, pd.cache.Alloc())
	pd.commits(Read, at)                  // a notification, preempted after O4
	pd.edges(gen, Read, parked, Readable) // the reactor, preempted after E4
	_, ok := pd.Edge(gen, Readable)
	require.False(t, ok)
	events, _ := r.Snapshot()
	require.Equal(t, tracer.StaleEvent, events[len(events)-1].Kind)
	for _, e := range events {
		require.Equal(t, gen, e.Gen, e.Kind)
	}
}

// If this failed, a program that does not trace would pay for a call at each step.
func TestWhatIsOffIsInLine(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Skip("a function with 64-bit arguments is larger there, and some are calls")
	}
	out, err := exec.Command("go", "build", "-gcflags=-m", ".", "../poller", "../fd").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, name := range []string{
		"PollDesc).step", "PollDesc).edges", "PollDesc).commits", "PollDesc).parkingOf", "PollDesc).note", "PollDesc).noteStale",
		"PollDesc).noteDeadline", "PollDesc).noteDue", "Poller).note", "FD).note",
	} {
		require.True(t, regexp.MustCompile(`(?m)can inline \(\*`+regexp.QuoteMeta(name)+`$`).Match(out), name)
	}
	require.GreaterOrEqual(t, strings.Count(string(out), "inlining call to tracer.On"), 10)
}
