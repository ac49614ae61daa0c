//go:build linux

package client

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// MaxSize is the largest request.
	MaxSize = 1 << 20
	// slowest is the largest latency the histogram holds, and stalled the silence after which a run is given up.
	slowest = 10 * time.Second
	stalled = 5 * time.Second
)

// A Loader is what this process does to a subject.
type Loader interface {
	// Run loads the subject for about d and returns when the subject has nothing left to do.
	Run(ctx context.Context, d time.Duration) (Load, error)
	Close()
}

// Load is what one run saw.
type Load struct {
	Requests int // or whatever else is counted
	Burns    int // requests whose handlers burned CPU; not among the others
	Elapsed  time.Duration
	CPU      time.Duration           // of this process
	Latency  *hdrhistogram.Histogram // nil where it was not looked at
	Late     *hdrhistogram.Histogram // by how much requests went out behind their schedule for the client's own sake
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(slowest), 3) }

// record counts a request in.
func (l *Load) record(d time.Duration, units int) error {
	l.Requests += units
	return l.Latency.RecordValue(int64(min(d, slowest)))
}
