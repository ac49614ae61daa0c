package nettest

import (
	"errors"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// Patience is how long what must happen may take before it counts as hung: minutes, so
// that a busy machine fails no test.
const Patience = 5 * time.Minute

// LongAgo is a deadline that has passed.
var LongAgo = time.Unix(1, 0)

// Soon is a deadline that a test which works never meets.
func Soon() time.Time { return time.Now().Add(Patience) }

// OK requires that there is no error.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Eventually waits until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	end := Soon()
	for pause := 50 * time.Microsecond; !holds(); pause = min(2*pause, time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came true: %s\n%s", what, Stacks())
		}
		time.Sleep(pause)
	}
}

// Result waits for what another goroutine has to say.
func Result[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	select {
	case v = <-c:
	case <-timeout.C:
		t.Fatalf("stalled: %s\n%s", what, Stacks())
	}
	return v
}

// IsTimeout requires a timeout as net.Conn promises it.
func IsTimeout(t testing.TB, err error) {
	t.Helper()
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%v, want a timeout", err)
	}
}

// Returns waits until f has returned.
func Returns(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	Result(t, what, done)
}

// Stacks returns what all goroutines do.
func Stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
