//go:build linux

package fd

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/a57b2d82/netpoller/polldesc"
)

// Lost or doubled steps under contention would show in the totals, and a second holder
// of a side to the race detector.
func TestMutexStress(t *testing.T) {
	const goroutines, rounds = 8, 3000
	var mu fdMutex
	var total [2]int // each guarded by its side's lock
	var want [2]atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				switch m := polldesc.Mode(rand.N(2)); rand.N(3) {
				case 0:
					if mu.incref() && mu.decref() {
						t.Error("last reference to an open descriptor")
					}
				case 1:
					if !mu.lockContext(soon(), m) {
						continue
					}
					total[m]++
					want[m].Add(1)
					if mu.unlock(m) {
						t.Error("last reference to an open descriptor")
					}
				default:
					mu.lock(m)
					total[m]++
					want[m].Add(1)
					if mu.unlock(m) {
						t.Error("last reference to an open descriptor")
					}
				}
			}
		})
	}
	returns(t, "stress", wg.Wait)
	for m := range total {
		if int64(total[m]) != want[m].Load() {
			t.Errorf("side %d was held %d times, counted %d", m, want[m].Load(), total[m])
		}
	}
	if s := mu.state.Load(); s != 0 {
		t.Errorf("%#x is left, want 0", s)
	}
}

// A descriptor destroyed twice closes a number that has been reused; one destroyed never leaks.
func TestMutexStressClose(t *testing.T) {
	const goroutines, rounds = 6, 500
	for range rounds {
		var mu fdMutex
		var destroyed, closed atomic.Int32
		var wg sync.WaitGroup
		last := func(is bool) {
			if is {
				destroyed.Add(1)
			}
		}
		for i := range goroutines {
			m := polldesc.Mode(i % 2)
			wg.Go(func() {
				for mu.lock(m) {
					last(mu.unlock(m))
					runtime.Gosched()
					if !mu.incref() {
						return
					}
					last(mu.decref())
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				if mu.close() {
					closed.Add(1)
					last(mu.decref())
				}
			})
		}
		returns(t, "close under stress", wg.Wait)
		if closed.Load() != 1 || destroyed.Load() != 1 || mu.state.Load() != mutexClosed {
			t.Fatalf("closed %d times, destroyed %d times, word %#x", closed.Load(), destroyed.Load(), mu.state.Load())
		}
	}
}
