package polldesc

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/timer"
)

// testEnv is a world in which it is always 0 o'clock: what has passed is published.
var testEnv = Env{
	Now:        func() int64 { return 0 },
	NewChannel: func() chan struct{} { return make(chan struct{}, 1) },
}

// starter returns the parker of an owner without a goroutine: its Unpark calls f in one.
func starter(f func()) *Parker {
	p := Parker(start(f))
	return &p
}

type start func()

func (start) Park()     {}
func (f start) Unpark() { go f() }

// newTestDesc returns an open descriptor in a cache of its own.
func newTestDesc() *PollDesc { return NewCache(timer.New(func() {}), testEnv).Alloc() }

// awaitWord returns when a side's word is s.
func awaitWord(t *testing.T, pd *PollDesc, m Mode, s state) {
	t.Helper()
	await(t, "a side's word is "+stateNames[s], func() bool { return pd.side[m].word.g.Load() == s })
}

// await returns when something has become true, which is all that is asserted: how
// long it takes is the scheduler's affair.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !ok(); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatal("never: ", what)
		}
	}
}

// goWait starts a Wait and returns, when it has parked, where its result will come.
func goWait(t *testing.T, pd *PollDesc, m Mode) <-chan error {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- pd.Wait(m) }()
	awaitWord(t, pd, m, parked)
	return result
}

// ended returns the result of what runs in another goroutine.
func ended(t *testing.T, result <-chan error) error {
	t.Helper()
	select {
	case err := <-result:
		return err
	case <-time.After(time.Minute):
		t.Fatal("a goroutine waits that should have been woken")
		return nil
	}
}

// edge delivers events to pd's present life and returns how many it woke.
func edge(t *testing.T, pd *PollDesc, e Events) (woken int) {
	t.Helper()
	woken, ok := pd.Edge(pd.Token().Gen, e)
	require.True(t, ok, "an edge of this life was taken for another's")
	return woken
}

var stateNames = [...]string{idle: "idle", ready: "ready", wait: "wait", parked: "parked"}
