package clock

import (
	"math"
	"math/big"
	"testing"
	"time"
)

// clamp is what fits into a Duration, of a number of any size.
func clamp(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// nanoseconds is when t is by the wall clock, in nanoseconds since the year 1, from which
// package time counts: a second that does not fit then has wrapped around.
func nanoseconds(t time.Time) *big.Int {
	n := new(big.Int).Mul(big.NewInt(t.Unix()-time.Time{}.Unix()), big.NewInt(1e9))
	return n.Add(n, big.NewInt(int64(t.Nanosecond())))
}

// FuzzUntil compares a time on the clock with what arithmetic without limits makes of it.
// If it failed, a deadline of some time, however extreme, would come at another.
func FuzzUntil(f *testing.F) {
	for _, sec := range []int64{0, 1, -1, 1 << 31, 1 << 33, 1 << 60, -1 << 60, math.MaxInt64, math.MinInt64,
		time.Now().Unix(), math.MaxInt64 / 1_000_000_000, math.MinInt64 / 1_000_000_000, -62135596800} {
		f.Add(sec, int64(0), false)
		f.Add(sec, int64(999_999_999), true)
	}
	for _, d := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, int64(time.Hour), int64(decade)} {
		f.Add(int64(0), d, true)
	}
	f.Fuzz(func(t *testing.T, sec, nsec int64, mono bool) {
		var when time.Time
		if mono { // a time so far from now, with a monotonic reading where that fits
			when = time.Now().Add(time.Duration(nsec))
		} else {
			when = time.Unix(sec, nsec)
		}
		early, low, late := time.Now(), Now(), time.Now()
		at, now := Until(when)
		high, end := Now(), time.Now()
		if now < low || now > high {
			t.Fatalf("now is %d, between %d and %d", now, low, high)
		}
		least, most := new(big.Int), new(big.Int)
		if monotonic(when) { // it was low at some time between early and late, by the same clock
			least.SetInt64(int64(when.Sub(late)))
			most.SetInt64(int64(when.Sub(early)))
			high = low
		} else { // what is left is what the wall clock says, before or after
			least.Sub(nanoseconds(when), nanoseconds(end))
			most.Sub(nanoseconds(when), nanoseconds(early))
			least.SetInt64(clamp(least)) // as far as a Duration goes
			most.SetInt64(clamp(most))
		}
		if least := clamp(least.Add(least, big.NewInt(low))); at < least && least < math.MaxInt64 {
			t.Errorf("%v is %d, before %d", when, at, least)
		}
		if most := clamp(most.Add(most, big.NewInt(high))); at > most {
			t.Errorf("%v is %d, after %d", when, at, most)
		}
	})
}

// FuzzAfter compares a sum with one without limits.
func FuzzAfter(f *testing.F) {
	for _, now := range []int64{1, 2, math.MaxInt64, math.MaxInt64 - 1, 1 << 40} {
		for _, d := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 40} {
			f.Add(now, d)
		}
	}
	f.Fuzz(func(t *testing.T, now, d int64) {
		if now <= 0 {
			return // it is never
		}
		want := clamp(new(big.Int).Add(big.NewInt(now), big.NewInt(d)))
		if got := After(now, time.Duration(d)); got != want {
			t.Errorf("%d, not %d", got, want)
		}
	})
}
