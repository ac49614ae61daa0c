//go:build linux

package main

import (
	"bytes"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, a deadline is lost, or a stale timer ends a Read that it is not for.
func TestStaleTimerEndsNothing(t *testing.T) {
	var out bytes.Buffer
	run(log.New(&out, "", 0))
	require.Equal(t, []string{
		`10 passes between EAGAIN and the wait: i/o timeout`,
		`20 becomes 1000 while its timer fires, careless false: "hello", <nil>`,
		`20 becomes 1000 while its timer fires, careless true: "", i/o timeout`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

// If this fails, a deadline does not end the Read of a reader that is parked.
func TestDeadlineEndsAParkedRead(t *testing.T) {
	pd, _ := newPipe()
	pd.SetDeadline(10)
	pd.gap = func() {
		go func() {
			for pd.rg.Load() != parked {
				runtime.Gosched()
			}
			for _, a := range pd.timers.Take(10) {
				a.pd.Due(a.seq)
			}
		}()
	}
	_, err := pd.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = pd.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "it has passed for later calls, too")
}

// If this fails, an edge or a deadline is lost at some moment or other, or a permit is left over.
func TestEveryReadEnds(t *testing.T) {
	pd, far := newPipe()
	pd.gap = func() {
		for range rand.IntN(3) {
			runtime.Gosched()
		}
	}
	var now atomic.Int64
	var data, done atomic.Bool
	var others sync.WaitGroup
	others.Go(func() { // the reactor
		for !done.Load() {
			for _, a := range pd.timers.Take(now.Add(1)) {
				a.pd.Due(a.seq)
			}
			if data.Load() && rand.IntN(2) == 0 {
				unix.Write(far, []byte("x"))
				pd.Edge()
			}
			runtime.Gosched()
		}
	})
	ends := map[error]int{}
	for range 20_000 {
		data.Store(rand.IntN(2) == 0) // otherwise nothing but the deadline ends the Read
		pd.SetDeadline(now.Load() + rand.Int64N(5))
		_, err := pd.Read(make([]byte, 1))
		ends[err]++
	}
	done.Store(true)
	others.Wait()
	require.Len(t, ends, 2)
	require.NotZero(t, ends[nil])
	require.NotZero(t, ends[os.ErrDeadlineExceeded])
	require.Empty(t, pd.permit)
}
