//go:build linux

package main

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, the program no longer shows that the edge is stored.
func TestEdgeIsStored(t *testing.T) {
	var out bytes.Buffer
	run(&out)
	require.Equal(t, []string{
		`reader:  EAGAIN`,
		`reactor: an edge, and nobody waits: stored`,
		`reader:  1 byte`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

// If this fails, the wake-up is lost, as in step 2.
func TestReadReturns(t *testing.T) {
	p := NewPoller()
	pd, far := p.pair()
	p.reactor.Go(p.run)
	defer p.Stop()
	pd.gap = func() {
		must(unix.Write(far, []byte("x")))
		for p.handled.Load() == 0 {
			runtime.Gosched() // until the reactor has had its turn
		}
	}
	read := make(chan int)
	go func() { read <- must(pd.Read(make([]byte, 64))) }()
	select {
	case n := <-read:
		require.Equal(t, 1, n)
	case <-time.After(time.Minute):
		t.Fatalf("the reader is asleep, and there is %d byte to read", must(unix.IoctlGetInt(pd.fd, unix.TIOCINQ)))
	}
}

// If this fails, a wake-up is lost at some moment or other, or a permit is given that no reader takes.
func TestNoWakeUpIsLost(t *testing.T) {
	p := NewPoller()
	pd, far := p.pair()
	p.reactor.Go(p.run)
	const total = 100_000
	pd.gap = func() {
		for range rand.IntN(3) {
			runtime.Gosched()
		}
	}
	go func() {
		for sent := 0; sent < total; {
			n, err := unix.Write(far, make([]byte, min(1+rand.IntN(3), total-sent)))
			if err == nil {
				sent += n
			}
			for range rand.IntN(4) {
				runtime.Gosched()
			}
		}
	}()
	buffer := make([]byte, 2) // less than what may come at once
	for n := 0; n < total; {
		n += must(pd.Read(buffer))
	}
	p.Stop()
	require.Empty(t, pd.permit)
	require.NotEqual(t, uint32(parked), pd.rg.Load())
}
