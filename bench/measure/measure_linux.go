package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

const (
	// WarmUp is how long a server is loaded before it is measured.
	WarmUp = 100 * time.Millisecond
	// settle is how long a server whose requests are all answered gets to reach its next wait, before it is looked at.
	settle = 10 * time.Millisecond
)

// Run is one measurement of one cell. Figures per request are per unit of the scenario. Everything but the throughput, the
// latencies, Late and ClientBusy is of the server alone.
type Run struct {
	servers.Cell
	Round          int     `json:"round"`
	Requests       int     `json:"requests"`
	Seconds        float64 `json:"seconds"`
	PerSecond      float64 `json:"requests_per_second"`
	CPU            float64 `json:"cpu_us_per_request"`
	UserCPU        float64 `json:"user_cpu_us_per_request"`
	SystemCPU      float64 `json:"system_cpu_us_per_request"`
	Allocs         float64 `json:"allocs_per_request"`
	Switches       float64 `json:"context_switches_per_request"`
	P50            float64 `json:"p50_us,omitempty"`
	P99            float64 `json:"p99_us,omitempty"`
	P999           float64 `json:"p99_9_us,omitempty"`
	Max            float64 `json:"max_us,omitempty"`
	Late           float64 `json:"client_late_p99_us,omitempty"`
	Burns          float64 `json:"burns_per_second,omitempty"`
	Memory         float64 `json:"memory_per_connection,omitempty"`        // bytes
	KernelMemory   float64 `json:"kernel_memory_per_connection,omitempty"` // bytes, of both ends
	ClientBusy     float64 `json:"client_busy"`                            // share of one core that the client used
	OthersBusy     float64 `json:"others_busy"`                            // share of one core that neither client nor server used, to 10 ms or so
	ServerMaxProcs int     `json:"server_gomaxprocs"`
}

// A Prepare connects a loader to a server.
type Prepare func(srv *process.Server, p servers.Point) (client.Loader, error)

// One measures one cell for d, against a server of its own. unit is what is counted.
func One(ctx context.Context, at servers.Cell, prepare Prepare, unit string, d time.Duration) (Run, error) {
	srv, cl, stop, err := startPair(ctx, at, prepare, nil)
	if err != nil {
		return Run{}, err
	}
	defer stop()

	// The first snapshot is thrown away: it allocates what encoding sets up once.
	if _, err := srv.Snapshot(); err != nil {
		return Run{}, err
	}
	before, err := srv.Snapshot()
	if err != nil {
		return Run{}, err
	}
	clocks := machine.Now()
	load, err := cl.Run(ctx, d)
	if err != nil {
		return Run{}, err
	}
	clocksAfter := machine.Now()
	after, err := srv.Snapshot()
	if err != nil {
		return Run{}, err
	}
	if load.Requests == 0 {
		return Run{}, fmt.Errorf("not one %s in %v: give it a longer -duration", unit, d)
	}
	r := newRun(at, srv.Hello, load, before, after)
	ours := load.CPU + after.User + after.System - before.User - before.System
	all := clocksAfter.Busy + clocksAfter.Stolen - clocks.Busy - clocks.Stolen
	r.OthersBusy = max(0, (all-ours).Seconds()/load.Elapsed.Seconds())
	return r, nil
}

// startPair starts a server and connects a client to it that has warmed it up. stop ends both.
func startPair(ctx context.Context, at servers.Cell, prepare Prepare, count counting.Counter) (
	srv *process.Server, cl client.Loader, stop func(), err error,
) {
	srv, undo, err := startServer(ctx, at, count)
	if err != nil {
		return nil, nil, nil, err
	}
	cl, err = prepare(srv, at.Point)
	if err != nil {
		srv.Stop()
		undo()
		return nil, nil, nil, err
	}
	stop = func() {
		cl.Close()
		srv.Stop()
		undo()
	}
	if _, err := cl.Run(ctx, WarmUp); err != nil {
		stop()
		return nil, nil, nil, err
	}
	time.Sleep(settle)
	return srv, cl, stop, nil
}

func newRun(at servers.Cell, h process.Hello, l client.Load, before, after process.Snapshot) Run {
	per := func(d float64) float64 { return d / float64(l.Requests) }
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	r := Run{
		Cell:           at,
		Requests:       l.Requests,
		Seconds:        l.Elapsed.Seconds(),
		PerSecond:      float64(l.Requests) / l.Elapsed.Seconds(),
		CPU:            per(micros(after.User + after.System - before.User - before.System)),
		UserCPU:        per(micros(after.User - before.User)),
		SystemCPU:      per(micros(after.System - before.System)),
		Allocs:         per(float64(after.Mallocs - before.Mallocs)),
		Switches:       per(float64(after.Switches - before.Switches)),
		Burns:          float64(l.Burns) / l.Elapsed.Seconds(),
		ClientBusy:     l.CPU.Seconds() / l.Elapsed.Seconds(),
		ServerMaxProcs: h.MaxProcs,
	}
	if h := l.Latency; h != nil {
		r.P50, r.P99, r.P999 = quantile(h, 50), quantile(h, 99), quantile(h, 99.9)
		r.Max = float64(h.Max()) / 1e3
	}
	if l.Late != nil {
		r.Late = quantile(l.Late, 99)
	}
	return r
}

// quantile is in microseconds.
func quantile(h *hdrhistogram.Histogram, p float64) float64 {
	return float64(h.ValueAtQuantile(p)) / 1e3
}
