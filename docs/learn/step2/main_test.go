//go:build linux

package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, the program no longer shows that a wake-up is lost.
func TestWakeUpIsLost(t *testing.T) {
	var out bytes.Buffer
	run(&out)
	require.Equal(t, []string{
		`reader:  EAGAIN`,
		`reactor: an edge, and nobody waits: dropped`,
		`reader:  asleep, and there is 1 byte to read`,
		`reader:  after another byte, all: true`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

var fail = flag.Bool("fail", false, "run the test that fails")

// TestReadReturns fails: the byte comes between EAGAIN and the wait. Step 3 has the same test, and passes it.
func TestReadReturns(t *testing.T) {
	if !*fail {
		t.Skip("it fails: go test ./docs/learn/step2 -run TestReadReturns -fail")
	}
	p := NewPoller()
	pd, far := p.pair()
	p.reactor.Go(p.run)
	defer p.Stop()
	waits := make(chan bool)
	pd.gap = func() {
		must(unix.Write(far, []byte("x")))
		for p.handled.Load() == 0 {
			runtime.Gosched() // until the reactor has had its turn
		}
		close(waits)
	}
	read := make(chan int)
	go func() { read <- must(pd.Read(make([]byte, 64))) }()
	<-waits
	select {
	case n := <-read:
		require.Equal(t, 1, n)
	case <-time.After(time.Second):
		t.Fatalf("the reader is asleep, and there is %d byte to read", must(unix.IoctlGetInt(pd.fd, unix.TIOCINQ)))
	}
}

// If this fails, TestReadReturns finds the mistake no longer.
func TestReadReturnsFails(t *testing.T) {
	out, err := exec.Command(os.Args[0], "-test.run=^TestReadReturns$", "-fail").CombinedOutput()
	require.Error(t, err, "%s", out)
	require.Contains(t, string(out), "--- FAIL: TestReadReturns")
	require.Contains(t, string(out), "the reader is asleep, and there is 1 byte to read")
}
