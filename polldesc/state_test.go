package polldesc

import (
	"net"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// does makes a method one whose result is what the caller is to do.
func does(method func(*waitWord) action) func(*waitWord) any {
	return func(w *waitWord) any { return method(w) }
}

// found makes a method one whose result is the state that it found.
func found(method func(*waitWord) state) func(*waitWord) any {
	return func(w *waitWord) any { return method(w) }
}

var transitions = []struct {
	name     string // row, state, method
	method   func(*waitWord) any
	from, to state
	result   any
	wrong    string // what it would mean if the row did not hold
}{
	{"O1_idle_reset", found((*waitWord).reset), idle, idle, idle,
		"an operation could not begin"},
	{"O1_ready_reset", found((*waitWord).reset), ready, idle, ready,
		"an edge of an earlier operation would make the first Wait return for nothing"},

	{"O2_ready_consume", does((*waitWord).consume), ready, idle, actCall,
		"the owner would wait though an edge has come"},
	{"O2_idle_consume", does((*waitWord).consume), idle, idle, actNone,
		"the owner would make a system call though no edge has come"},

	{"O3_idle_announce", does((*waitWord).announce), idle, wait, actCheck,
		"the owner would park without looking at info once more"},
	{"O3_ready_announce", does((*waitWord).announce), ready, ready, actRecheck,
		"an edge just before the announcement would be lost"},

	{"O4_wait_commit", does((*waitWord).commit), wait, parked, actPark,
		"the owner would not park"},
	{"O4_ready_commit", does((*waitWord).commit), ready, ready, actCollect,
		"an edge just before the commit would be lost, or a permit waited for that nobody gives"},
	{"O4_idle_commit", does((*waitWord).commit), idle, idle, actCollect,
		"the owner would park though its wait was cancelled"},

	{"O5_wait_abort", found((*waitWord).abort), wait, idle, wait,
		"the owner would not report the error it has seen"},
	{"O5_ready_abort", found((*waitWord).abort), ready, idle, ready,
		"an edge that came with the error would be lost"},
	{"O5_idle_abort", found((*waitWord).abort), idle, idle, idle,
		"the owner would not report the error that cancelled it"},

	{"O6_ready_collect", does((*waitWord).collect), ready, idle, actCall,
		"the owner would not make the system call that it was woken for"},
	{"O6_idle_collect", does((*waitWord).collect), idle, idle, actRecheck,
		"the owner would make a system call though it was cancelled"},

	{"E1_idle_edge", found((*waitWord).edge), idle, ready, idle,
		"an edge would be lost, because nobody was waiting yet"},
	{"E2_ready_edge", found((*waitWord).edge), ready, ready, ready,
		"two edges before one system call would be more than a stored edge"},
	{"E3_wait_edge", found((*waitWord).edge), wait, ready, wait,
		"a permit would be given to an owner that has not parked"},
	{"E4_parked_edge", found((*waitWord).edge), parked, ready, parked,
		"the owner would not be woken"},

	{"U1_idle_cancel", found((*waitWord).cancel), idle, idle, idle,
		"a cancellation would wake an owner that does not wait"},
	{"U2_ready_cancel", found((*waitWord).cancel), ready, ready, ready,
		"a cancellation would erase a stored edge"},
	{"U3_wait_cancel", found((*waitWord).cancel), wait, idle, wait,
		"a permit would be given to an owner that has not parked"},
	{"U4_parked_cancel", found((*waitWord).cancel), parked, idle, parked,
		"the owner would not learn of the error"},
}

func TestTransition(t *testing.T) {
	for _, tr := range transitions {
		t.Run(tr.name, func(t *testing.T) {
			var w waitWord
			w.g.Store(tr.from)
			require.Equal(t, tr.result, tr.method(&w), "otherwise %s", tr.wrong)
			require.Equal(t, stateNames[tr.to], stateNames[w.g.Load()], "otherwise %s", tr.wrong)
		})
	}
}

var impossible = []struct {
	name   string
	method func(*waitWord) any
	from   state
	says   string
}{
	{"O1_wait_reset", found((*waitWord).reset), wait, "polldesc: reset while a goroutine waits"},
	{"O1_parked_reset", found((*waitWord).reset), parked, "polldesc: reset while a goroutine waits"},
	{"O3_wait_announce", does((*waitWord).announce), wait, "polldesc: two goroutines wait for one side"},
	{"O3_parked_announce", does((*waitWord).announce), parked, "polldesc: two goroutines wait for one side"},
	{"O5_parked_abort", found((*waitWord).abort), parked, "polldesc: abort of a committed wait"},
	{"O6_wait_collect", does((*waitWord).collect), wait, "polldesc: collect of a wait that nobody ended"},
	{"O6_parked_collect", does((*waitWord).collect), parked, "polldesc: collect of a wait that nobody ended"},
}

// If this failed, a broken precondition would go unseen until a goroutine slept forever.
func TestTransitionMustPanic(t *testing.T) {
	for _, im := range impossible {
		t.Run(im.name, func(t *testing.T) {
			var w waitWord
			w.g.Store(im.from)
			require.PanicsWithValue(t, im.says, func() { im.method(&w) })
		})
	}
}

// If this failed, the tests above would leave out a row of the table.
func TestEveryRowHasATransitionTest(t *testing.T) {
	tested := map[string]bool{}
	for _, tr := range transitions {
		tested[tr.name[:2]] = true
	}
	source, err := os.ReadFile("state.go")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^//\t([OEU]\d) `).FindAllSubmatch(source, -1)
	require.Len(t, rows, 14)
	for _, row := range rows {
		require.True(t, tested[string(row[1])], "row %s", row[1])
	}
}

// If this failed, two goroutines could take each other's wake-ups.
func TestSecondWaiterOnASideMustPanic(t *testing.T) {
	pd := newTestDesc()
	done := make(chan error)
	go func() { done <- pd.Wait(Read) }()
	awaitWord(t, pd, Read, parked)

	require.PanicsWithValue(t, "polldesc: two goroutines wait for one side", func() { _ = pd.Wait(Read) })
	require.PanicsWithValue(t, "polldesc: reset while a goroutine waits", func() { _ = pd.Prepare(Read) })

	pd.Evict()
	require.ErrorIs(t, ended(t, done), net.ErrClosed)
}
