package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// A backoff says how long to wait after a failure: twice as long after each further one, up
// to max. Between half and all of that, at random, so that clients that were cut off
// together do not come back together.
type backoff struct {
	base, max time.Duration
	random    func() float64 // from 0 to 1
}

var politely = backoff{base: 50 * time.Millisecond, max: time.Second, random: rand.Float64}

// delay is for so many failures in a row, which are one or more.
func (b backoff) delay(failures int) time.Duration {
	d := b.base
	for i := 1; i < failures && d < b.max; i++ {
		d *= 2
	}
	d = min(d, b.max)
	return d/2 + time.Duration(b.random()*float64(d/2))
}

// patience is how many failures in a row may bring nothing new before we give up. A
// server that sends a little every time is never given up: it gets there.
const patience = 15

// retry calls attempt until it succeeds, or there is no hope. An attempt also returns
// whether it got further than those before.
func (b backoff) retry(ctx context.Context, say func(string), attempt func() (further bool, err error)) error {
	failures := 0
	for {
		further, err := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if final := (hopeless{}); errors.As(err, &final) {
			return err
		}
		if further {
			failures = 0
		}
		if failures++; failures == patience {
			return fmt.Errorf("%d failures in a row, the last: %w", failures, err)
		}
		pause := b.delay(failures)
		say(fmt.Sprintf("%s, again in %v", reason(err), pause.Round(time.Millisecond)))
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// A hopeless error would be the same the next time.
type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// reason names what is behind an error of the network or of http in a word or two.
func reason(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut short"
	}
	return err.Error()
}

// wait returns an error if the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
