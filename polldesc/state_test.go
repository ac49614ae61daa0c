package polldesc

import (
	"net"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var transitions = []struct {
	name     string // row, state, method
	method   func(*waitWord) action
	from, to state
	action   action
	wrong    string // what it would mean if the row did not hold
}{
	{"O1_idle_reset", (*waitWord).reset, idle, idle, actCall,
		"an operation could not begin"},
	{"O1_ready_reset", (*waitWord).reset, ready, idle, actCall,
		"an edge of an earlier operation would make the first Wait return for nothing"},

	{"O2_ready_consume", (*waitWord).consume, ready, idle, actCall,
		"the owner would wait though an edge has come"},
	{"O2_idle_consume", (*waitWord).consume, idle, idle, actNone,
		"the owner would make a system call though no edge has come"},

	{"O3_idle_announce", (*waitWord).announce, idle, wait, actCheck,
		"the owner would park without looking at info once more"},
	{"O3_ready_announce", (*waitWord).announce, ready, ready, actRecheck,
		"an edge just before the announcement would be lost"},

	{"O4_wait_commit", (*waitWord).commit, wait, parked, actPark,
		"the owner would not park"},
	{"O4_ready_commit", (*waitWord).commit, ready, ready, actCollect,
		"an edge just before the commit would be lost, or a permit waited for that nobody gives"},
	{"O4_idle_commit", (*waitWord).commit, idle, idle, actCollect,
		"the owner would park though its wait was cancelled"},

	{"O5_wait_abort", (*waitWord).abort, wait, idle, actFail,
		"the owner would not report the error it has seen"},
	{"O5_ready_abort", (*waitWord).abort, ready, idle, actCall,
		"an edge that came with the error would be lost"},
	{"O5_idle_abort", (*waitWord).abort, idle, idle, actFail,
		"the owner would not report the error that cancelled it"},

	{"O6_ready_collect", (*waitWord).collect, ready, idle, actCall,
		"the owner would not make the system call that it was woken for"},
	{"O6_idle_collect", (*waitWord).collect, idle, idle, actRecheck,
		"the owner would make a system call though it was cancelled"},

	{"E1_idle_edge", (*waitWord).edge, idle, ready, actNone,
		"an edge would be lost, because nobody was waiting yet"},
	{"E2_ready_edge", (*waitWord).edge, ready, ready, actNone,
		"two edges before one system call would be more than a stored edge"},
	{"E3_wait_edge", (*waitWord).edge, wait, ready, actNone,
		"a permit would be given to an owner that has not parked"},
	{"E4_parked_edge", (*waitWord).edge, parked, ready, actWake,
		"the owner would not be woken"},

	{"U1_idle_cancel", (*waitWord).cancel, idle, idle, actNone,
		"a cancellation would wake an owner that does not wait"},
	{"U2_ready_cancel", (*waitWord).cancel, ready, ready, actNone,
		"a cancellation would erase a stored edge"},
	{"U3_wait_cancel", (*waitWord).cancel, wait, idle, actNone,
		"a permit would be given to an owner that has not parked"},
	{"U4_parked_cancel", (*waitWord).cancel, parked, idle, actWake,
		"the owner would not learn of the error"},
}

func TestTransition(t *testing.T) {
	for _, tr := range transitions {
		t.Run(tr.name, func(t *testing.T) {
			var w waitWord
			w.g.Store(tr.from)
			require.Equal(t, tr.action, tr.method(&w), "otherwise %s", tr.wrong)
			require.Equal(t, stateNames[tr.to], stateNames[w.g.Load()], "otherwise %s", tr.wrong)
		})
	}
}

var impossible = []struct {
	name   string
	method func(*waitWord) action
	from   state
	says   string
}{
	{"O1_wait_reset", (*waitWord).reset, wait, "polldesc: reset while a goroutine waits"},
	{"O1_parked_reset", (*waitWord).reset, parked, "polldesc: reset while a goroutine waits"},
	{"O3_wait_announce", (*waitWord).announce, wait, "polldesc: two goroutines wait for one side"},
	{"O3_parked_announce", (*waitWord).announce, parked, "polldesc: two goroutines wait for one side"},
	{"O5_parked_abort", (*waitWord).abort, parked, "polldesc: abort of a committed wait"},
	{"O6_wait_collect", (*waitWord).collect, wait, "polldesc: collect of a wait that nobody ended"},
	{"O6_parked_collect", (*waitWord).collect, parked, "polldesc: collect of a wait that nobody ended"},
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
