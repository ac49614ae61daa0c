package dialer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The time left must be shared out as package net does: evenly, but at least 2 s for
// each address while that lasts.
func TestPartialDeadline(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		left  time.Duration
		addrs int
		share time.Duration // negative: too late
	}{
		{12 * time.Second, 1, 12 * time.Second},
		{12 * time.Second, 2, 6 * time.Second},
		{12 * time.Second, 3, 4 * time.Second},
		{12 * time.Second, 999, 2 * time.Second},
		{12 * time.Second, 7, 2 * time.Second},
		{4 * time.Second, 2, 2 * time.Second},
		{3 * time.Second, 2, 2 * time.Second},
		{2 * time.Second, 2, 2 * time.Second},
		{1 * time.Second, 1, 1 * time.Second},
		{1 * time.Second, 2, 1 * time.Second},
		{1, 999, 1},
		{0, 1, -1},
		{-1, 1, -1},
		{-time.Hour, 3, -1},
	}
	for _, tt := range tests {
		got, ok := partialDeadline(now, now.Add(tt.left), tt.addrs)
		require.Equal(t, tt.share >= 0, ok, "%v for %d", tt.left, tt.addrs)
		if ok {
			require.Equal(t, tt.share, got.Sub(now), "%v for %d", tt.left, tt.addrs)
		}
	}
}

// The earliest of Timeout and Deadline must count.
func TestDialerDeadline(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return now.Add(d) }
	tests := []struct {
		dialer Dialer
		want   time.Time
	}{
		{Dialer{}, time.Time{}},
		{Dialer{Timeout: time.Second}, after(time.Second)},
		{Dialer{Timeout: -time.Second}, after(-time.Second)},
		{Dialer{Deadline: after(time.Minute)}, after(time.Minute)},
		{Dialer{Timeout: time.Second, Deadline: after(time.Minute)}, after(time.Second)},
		{Dialer{Timeout: time.Hour, Deadline: after(time.Minute)}, after(time.Minute)},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, tt.dialer.deadline(now), "%+v", tt.dialer)
	}
}
