//go:build linux

package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, an edge was lost, or the reactor went on while it had an edge that no reader took.
func TestReactorWaitsForTheReader(t *testing.T) {
	var out bytes.Buffer
	run(&out)
	require.Equal(t, []string{
		`reader of a: EAGAIN, and now the data comes`,
		`reader of a: "one"`,
		`reader of a: "two"; b has 5 bytes, and its reader waits`,
		`reader of a: "three"; reader of b: "hello"`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

// If this fails, the smallest poller loses data when nothing disturbs it.
func TestEveryByteIsRead(t *testing.T) {
	p := NewPoller()
	pd, far := p.pair()
	p.reactor.Go(p.run)
	defer p.Stop()
	const total = 10_000
	go func() {
		for range total {
			for _, err := unix.Write(far, []byte{0}); err != nil; _, err = unix.Write(far, []byte{0}) {
				runtime.Gosched() // the buffer is full
			}
		}
	}()
	for n := 0; n < total; {
		n += len(pd.read())
	}
}
