package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func always(x float64) func() float64 { return func() float64 { return x } }

// brief is a back-off for tests.
var brief = backoff{base: time.Microsecond, max: time.Millisecond, random: always(0.5)}

func silent(string) {}

// If this fails, a client hammers a server that is in trouble, stays away for longer than
// it said, or comes back at the same moment as all the others.
func TestBackoffDelay(t *testing.T) {
	const ms = time.Millisecond
	longest := []time.Duration{50 * ms, 100 * ms, 200 * ms, 300 * ms, 300 * ms}
	for _, random := range []float64{0, 0.25, 1} {
		b := backoff{base: 50 * ms, max: 300 * ms, random: always(random)}
		for i, whole := range longest {
			want := whole/2 + time.Duration(random*float64(whole/2))
			require.Equal(t, want, b.delay(i+1), "failure %d, random %v", i+1, random)
		}
	}
	b := backoff{base: ms, max: math.MaxInt64 / 2, random: always(0)}
	require.Equal(t, b.max/2, b.delay(1000), "no overflow")
	b = backoff{base: 2 * time.Second, max: time.Second, random: always(0)}
	require.Equal(t, b.max/2, b.delay(1), "the base is bounded too")
	for range 1000 {
		d := politely.delay(3)
		require.GreaterOrEqual(t, d, politely.base*2)
		require.LessOrEqual(t, d, politely.base*4)
	}
}

// If this fails, a client gives up a server that brings a little each time, never gives up
// one that brings nothing, or asks again for what cannot be had.
func TestRetryGivesUpWithoutProgress(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name     string
		attempts int // how many will be made
		outcome  func(n int) (further bool, err error)
		want     error
	}{
		{"nothing new", patience, func(int) (bool, error) { return false, io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF},
		{"always further", 100, func(n int) (bool, error) {
			if n == 100 {
				return true, nil
			}
			return true, io.ErrUnexpectedEOF
		}, nil},
		{"further once", 7 + patience - 1, func(n int) (bool, error) { return n == 7, syscall.ECONNRESET }, syscall.ECONNRESET},
		{"no hope", 3, func(n int) (bool, error) {
			if n == 3 {
				return true, fmt.Errorf("disk: %w", hopeless{io.ErrShortWrite})
			}
			return false, io.ErrUnexpectedEOF
		}, io.ErrShortWrite},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := 0
			err := brief.retry(ctx, silent, func() (bool, error) {
				n++
				return test.outcome(n)
			})
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.attempts, n)
		})
	}
}

// If this fails, an interrupted program waits, or tries again.
func TestRetryEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	b := backoff{base: time.Hour, max: time.Hour, random: always(1)}
	n := 0
	err := b.retry(ctx, func(string) { cancel() }, func() (bool, error) {
		n++
		return true, io.ErrUnexpectedEOF
	})
	require.ErrorIs(t, err, context.Canceled)
	err = b.retry(ctx, silent, func() (bool, error) {
		n++
		return true, io.ErrUnexpectedEOF
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 2, n)
}

// If this fails, a reader of the output has to know what errno a failure was.
func TestReason(t *testing.T) {
	for want, err := range map[string]error{
		"timed out":  &url.Error{Op: "Get", Err: fmt.Errorf("read: %w", os.ErrDeadlineExceeded)},
		"reset":      os.NewSyscallError("read", syscall.ECONNRESET),
		"refused":    os.NewSyscallError("connect", syscall.ECONNREFUSED),
		"cut short":  io.ErrUnexpectedEOF,
		"lava in it": errors.New("lava in it"),
	} {
		require.Equal(t, want, reason(err))
	}
}
