//go:build linux

package ends

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// Patience is how long something that must happen may take on a machine that is busy
// with other work. Nothing that works comes near it.
const Patience = 60 * time.Second

// WithoutLeaks runs f, and fails if afterwards there are more goroutines or descriptors
// than before.
func WithoutLeaks(f func() int) (code int) {
	startGoPoller()
	before := CountResources()
	if code = f(); code != 0 {
		return code // a failed test may well leave something
	}
	if after, ok := before.Restored(); !ok {
		fmt.Fprintf(os.Stderr, "left behind: %v before, %v after\n", before, after)
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
		return 1
	}
	return 0
}

// startGoPoller makes Go's runtime open the descriptors that it keeps.
func startGoPoller() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	l.Close()
}

// Resources are what a test must give back.
type Resources struct{ goroutines, fds int }

func (r Resources) String() string {
	return fmt.Sprintf("%d goroutines and %d descriptors", r.goroutines, r.fds)
}

// CountResources returns what this process uses.
func CountResources() Resources {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return Resources{runtime.NumGoroutine(), len(open)}
}

// Restored waits until no more is in use than r, and returns what is.
func (r Resources) Restored() (now Resources, ok bool) {
	ok = Poll(func() bool {
		now = CountResources()
		return now.goroutines <= r.goroutines && now.fds <= r.fds
	})
	return now, ok
}

// Poll waits until cond is true, and reports whether it came true.
func Poll(cond func() bool) bool {
	for end := time.Now().Add(Patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return cond()
		}
	}
	return true
}

// Eventually fails the test if cond does not come true.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !Poll(cond) {
		t.Fatalf("never happened: %s", what)
	}
}

// Receive returns what comes from c, and fails the test if nothing does.
func Receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(Patience):
		t.Fatalf("never happened: %s", what)
	}
	return v
}
