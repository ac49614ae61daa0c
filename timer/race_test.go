package timer

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A keeper is an owner as polldesc is one: it wants the arming that it made last, and
// counts those that came due and those that were stale.
type keeper struct {
	mu            sync.Mutex
	entry         Entry
	want          uint64 // 0: none
	wanted, stale int
}

func (k *keeper) Due(seq uint64, _ int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if seq == k.want {
		k.want = 0
		k.wanted++
		return
	}
	k.stale++
}

// If this failed, a deadline would be lost between the goroutines that arm, disarm and
// run, or come twice.
func TestRaceTotals(t *testing.T) {
	const arms, owners = 2000, 8
	var now atomic.Int64
	var awake atomic.Bool
	h := New(func() { awake.Store(true) })

	keepers := make([]keeper, owners)
	replaced := make([]int, owners) // armings that were wanted no more before they came
	var users, reactor sync.WaitGroup
	for i := range keepers {
		k := &keepers[i]
		k.entry.Owner = k
		users.Go(func() {
			rng := rand.New(rand.NewPCG(2, uint64(i)))
			for range arms {
				k.mu.Lock()
				if k.want != 0 {
					replaced[i]++
				}
				if rng.IntN(4) == 0 {
					h.Disarm(&k.entry)
				}
				k.want = h.Arm(&k.entry, now.Load()+rng.Int64N(20)-3)
				k.mu.Unlock()
			}
		})
	}
	var done atomic.Bool
	ran := 0
	reactor.Go(func() {
		for !done.Load() {
			ran += h.RunDue(now.Add(1))
			runtime.Gosched()
		}
		ran += h.RunDue(now.Load() + 1000)
	})
	users.Wait()
	done.Store(true)
	reactor.Wait()

	requireHeap(t, h)
	require.Zero(t, h.Len())
	require.True(t, awake.Load())
	wanted, stale, unwanted := 0, 0, 0
	for i := range keepers {
		wanted += keepers[i].wanted
		stale += keepers[i].stale
		unwanted += replaced[i]
		require.Zero(t, keepers[i].want, "a deadline that nobody was told of")
	}
	armed, fired := h.Counts()
	require.EqualValues(t, arms*owners, armed)
	require.EqualValues(t, ran, fired)
	require.Equal(t, ran, wanted+stale)
	require.Equal(t, arms*owners, wanted+unwanted, "each arming comes or is replaced")
}

// If this failed, the reactor would sleep on while a deadline passes: it sleeps only
// after it has read Next, and a wake that is needed is never left out.
func TestRaceReactorMustNotOversleep(t *testing.T) {
	const n = 5000
	woken := make(chan struct{}, 1)
	h := New(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	ran := 0
	var reactor sync.WaitGroup
	reactor.Go(func() {
		for ran < n {
			if h.Next() == Never {
				<-woken // for as long as it takes
				continue
			}
			ran += h.RunDue(h.Next())
		}
	})
	entries := make([]Entry, n)
	for i := range entries {
		entries[i].Owner = nobody{}
		h.Arm(&entries[i], int64(n-i))
	}
	reactor.Wait()
	require.Equal(t, n, ran)
}
