package main

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	warmUp = 100 * time.Millisecond
	// countFor is the length of a counting run; the count per request settles within a few thousand requests.
	countFor = 300 * time.Millisecond
	// settle is how long a server whose requests are all answered gets to reach its next wait, before it is looked at.
	settle = 10 * time.Millisecond
)

// run is one measurement of one cell. What is per request is per unit of the scenario. Everything but the throughput, the
// latencies, Late and ClientBusy is of the server alone.
type run struct {
	cell
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

// measure runs one cell against a server of its own.
func measure(ctx context.Context, at cell, s settings) (run, error) {
	sc, ok := scenarioByKey(at.Scenario)
	if !ok {
		return run{}, fmt.Errorf("there is no scenario %q", at.Scenario)
	}
	if sc.measure != nil {
		return sc.measure(ctx, at, s)
	}
	return measureLoad(ctx, sc, at, s)
}

func measureLoad(ctx context.Context, sc scenario, at cell, s settings) (run, error) {
	srv, cl, err := startPair(ctx, sc, at, nil)
	if err != nil {
		return run{}, err
	}
	defer srv.stop()
	defer cl.close()

	// The first snapshot is thrown away: it allocates what encoding sets up once.
	if _, err := srv.snapshot(); err != nil {
		return run{}, err
	}
	before, err := srv.snapshot()
	if err != nil {
		return run{}, err
	}
	machineBefore := machineCPU()
	load, err := cl.run(ctx, s.Duration)
	if err != nil {
		return run{}, err
	}
	machineAfter := machineCPU()
	after, err := srv.snapshot()
	if err != nil {
		return run{}, err
	}
	if load.requests == 0 {
		return run{}, fmt.Errorf("not one %s in %v: give it a longer -duration", sc.unit, s.Duration)
	}
	r := newRun(at, srv.hello, load, before, after)
	ours := load.cpu + after.User + after.System - before.User - before.System
	r.OthersBusy = max(0, (machineAfter-machineBefore-ours).Seconds()/load.elapsed.Seconds())
	return r, nil
}

// startPair starts a server and connects a client to it that has warmed it up.
func startPair(ctx context.Context, sc scenario, at cell, count counter) (*server, loader, error) {
	srv, err := startServer(ctx, at, count)
	if err != nil {
		return nil, nil, err
	}
	cl, err := sc.load(srv, at.point)
	if err != nil {
		srv.stop()
		return nil, nil, err
	}
	if _, err := cl.run(ctx, warmUp); err != nil {
		cl.close()
		srv.stop()
		return nil, nil, err
	}
	time.Sleep(settle)
	return srv, cl, nil
}

func newRun(at cell, h hello, l load, before, after snapshot) run {
	per := func(d float64) float64 { return d / float64(l.requests) }
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	r := run{
		cell:           at,
		Requests:       l.requests,
		Seconds:        l.elapsed.Seconds(),
		PerSecond:      float64(l.requests) / l.elapsed.Seconds(),
		CPU:            per(micros(after.User + after.System - before.User - before.System)),
		UserCPU:        per(micros(after.User - before.User)),
		SystemCPU:      per(micros(after.System - before.System)),
		Allocs:         per(float64(after.Mallocs - before.Mallocs)),
		Switches:       per(float64(after.Switches - before.Switches)),
		Burns:          float64(l.burns) / l.elapsed.Seconds(),
		ClientBusy:     l.cpu.Seconds() / l.elapsed.Seconds(),
		ServerMaxProcs: h.MaxProcs,
	}
	if h := l.latency; h != nil {
		r.P50, r.P99, r.P999 = quantile(h, 50), quantile(h, 99), quantile(h, 99.9)
		r.Max = float64(h.Max()) / 1e3
	}
	if l.late != nil {
		r.Late = quantile(l.late, 99)
	}
	return r
}

// quantile is in microseconds.
func quantile(h *hdrhistogram.Histogram, p float64) float64 {
	return float64(h.ValueAtQuantile(p)) / 1e3
}

// calls is what one counting run found: system calls per request, in total and of the kinds worth a column.
type calls struct {
	cell
	Total  float64            `json:"total"`
	ByKind map[string]float64 `json:"by_kind"`
}

// countRun runs one cell with system calls counted. Its throughput is thrown away: counting disturbs it.
func countRun(ctx context.Context, at cell, counting newCounter) (calls, error) {
	sc, ok := scenarioByKey(at.Scenario)
	if !ok {
		return calls{}, fmt.Errorf("there is no scenario %q", at.Scenario)
	}
	count, err := counting()
	if err != nil {
		return calls{}, err
	}
	defer count.close()
	srv, cl, err := startPair(ctx, sc, at, count)
	if err != nil {
		return calls{}, err
	}
	defer srv.stop()
	defer cl.close()

	before, err := count.read()
	if err != nil {
		return calls{}, err
	}
	requests, err := countedLoad(ctx, cl, count.pause())
	if err != nil {
		return calls{}, err
	}
	time.Sleep(settle)
	after, err := count.read()
	if err != nil {
		return calls{}, err
	}
	return newCalls(at, before, after, requests), nil
}

// A waver can send one request on each of its connections and wait for the replies.
type waver interface {
	wave(ctx context.Context) (load, error)
}

// countedLoad is the usual load, or with a pause, waves: a server that counting has made slow would else find the next
// request there already and be spared calls that it makes at its usual speed.
func countedLoad(ctx context.Context, cl loader, pause time.Duration) (requests int, err error) {
	waves, ok := cl.(waver)
	if !ok || pause == 0 {
		l, err := cl.run(ctx, countFor)
		return l.requests + l.burns, err
	}
	for start := time.Now(); time.Since(start) < countFor; time.Sleep(pause) {
		l, err := waves.wave(ctx)
		if err != nil {
			return 0, err
		}
		requests += l.requests + l.burns
	}
	return requests, nil
}

func newCalls(at cell, before, after callCounts, requests int) calls {
	c := calls{cell: at, ByKind: map[string]float64{}}
	named := int64(0)
	for i, kind := range callKinds {
		n := after.byKind[i] - before.byKind[i]
		named += n
		c.ByKind[kind.name] = float64(n) / float64(requests)
	}
	total := after.total - before.total
	c.ByKind["other"] = float64(total-named) / float64(requests)
	c.Total = float64(total) / float64(requests)
	return c
}
