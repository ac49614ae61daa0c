//go:build linux

package interop

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// patience is how long something that must happen may take on a machine that is busy
// with other work. Nothing that works comes near it.
const patience = 60 * time.Second

// TestMain runs the tests and then looks for what they left behind. The binary is also
// the client process of TestSoak.
func TestMain(m *testing.M) {
	if settings := os.Getenv(soakClientEnv); settings != "" {
		os.Exit(soakClientMain(settings))
	}
	os.Exit(withoutLeaks(m.Run))
}

// withoutLeaks runs f, and fails if afterwards there are more goroutines or descriptors
// than before.
func withoutLeaks(f func() int) (code int) {
	startGoPoller()
	before := countResources()
	if code = f(); code != 0 {
		return code // a failed test may well leave something
	}
	if after, ok := before.restored(); !ok {
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

// resources are what a test must give back.
type resources struct{ goroutines, fds int }

func (r resources) String() string {
	return fmt.Sprintf("%d goroutines and %d descriptors", r.goroutines, r.fds)
}

func countResources() resources {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return resources{runtime.NumGoroutine(), len(open)}
}

// restored waits until no more is in use than r, and returns what is.
func (r resources) restored() (now resources, ok bool) {
	ok = poll(func() bool {
		now = countResources()
		return now.goroutines <= r.goroutines && now.fds <= r.fds
	})
	return now, ok
}

// poll waits until cond is true, and reports whether it came true.
func poll(cond func() bool) bool {
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return cond()
		}
	}
	return true
}

// eventually fails the test if cond does not come true.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !poll(cond) {
		t.Fatalf("never happened: %s", what)
	}
}

// receive returns what comes from c, and fails the test if nothing does.
func receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("never happened: %s", what)
	}
	return v
}
