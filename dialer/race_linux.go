package dialer

import (
	"cmp"
	"context"
	"net"
	"time"

	"github.com/a57b2d82/netpoller/internal/neterr"
)

// defaultFallbackDelay is the head start that RFC 6555 recommends, as in package net.
const defaultFallbackDelay = 300 * time.Millisecond

// saneMinimum is the shortest time that one of several addresses gets, as in package net.
const saneMinimum = 2 * time.Second

// parallel connects to an address of the first address's family, the primaries. After the head
// start, or as soon as that fails, it also tries the other family. It cancels the slower attempt
// and closes its connection.
func (t *attempt) parallel(ctx context.Context, primaries, fallbacks []net.Addr) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type result struct {
		conn    net.Conn
		err     error
		primary bool
	}
	results := make(chan result)
	over := make(chan struct{})
	defer close(over)
	race := func(addrs []net.Addr, primary bool) {
		c, err := t.serial(ctx, addrs)
		select {
		case results <- result{c, err, primary}:
		case <-over: // DOC: race-loser
			if c != nil {
				c.Close()
			}
		}
	}

	headStart := time.NewTimer(cmp.Or(t.FallbackDelay, defaultFallbackDelay))
	defer headStart.Stop()
	go race(primaries, true)

	var primaryErr error
	for failed := 0; ; {
		select {
		case <-headStart.C:
			go race(fallbacks, false)
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if r.primary {
				primaryErr = r.err // returned if both fail
				if headStart.Stop() {
					headStart.Reset(0) // DOC: race-early
				}
			}
			if failed++; failed == 2 {
				return nil, primaryErr
			}
		}
	}
}

// serial tries the addresses in turn and returns the first connection. If all fail, it returns
// the error of the first address, even if that one used up the time of the others.
func (t *attempt) serial(ctx context.Context, addrs []net.Addr) (c net.Conn, err error) {
	for i, ra := range addrs {
		switch ctxErr := ctx.Err(); {
		case ctxErr == context.DeadlineExceeded && err != nil:
			return nil, err
		case ctxErr != nil:
			return nil, t.opError(ra, neterr.OfContext(ctxErr))
		}
		c, oneErr := t.share(ctx, ra, len(addrs)-i)
		if oneErr == nil {
			return c, nil
		}
		if err == nil {
			err = oneErr
		}
	}
	return nil, err
}

// share connects to one address within its share of the time left.
func (t *attempt) share(ctx context.Context, ra net.Addr, addrs int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		now := time.Now()
		partial, ok := partialDeadline(now, deadline, addrs) // DOC: dial-share
		if !ok {
			return nil, t.opError(ra, neterr.Timeout)
		}
		if partial.Before(deadline) {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, partial)
			defer cancel()
		}
	}
	return t.single(ctx, ra)
}

// partialDeadline returns the deadline for one of addrs addresses that are still to be tried:
// an equal share of the time left, but at least saneMinimum if there is so much time. It
// reports false if the deadline has passed.
func partialDeadline(now, deadline time.Time, addrs int) (time.Time, bool) {
	left := deadline.Sub(now)
	if left <= 0 {
		return time.Time{}, false
	}
	return now.Add(max(left/time.Duration(addrs), min(left, saneMinimum))), true
}
