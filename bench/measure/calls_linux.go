package measure

import (
	"context"
	"time"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// countFor is the length of a counting run; the count per request settles within a few thousand requests.
const countFor = 300 * time.Millisecond

// Calls is what one counting run found: system calls per request, in total and of the kinds worth a column.
type Calls struct {
	servers.Cell
	Total  float64            `json:"total"`
	ByKind map[string]float64 `json:"by_kind"`
}

// CountCalls runs one cell with system calls counted. Its throughput is thrown away: counting disturbs it.
func CountCalls(ctx context.Context, at servers.Cell, prepare Prepare, counting counting.New) (Calls, error) {
	count, err := counting()
	if err != nil {
		return Calls{}, err
	}
	defer count.Close()
	_, cl, stop, err := startPair(ctx, at, prepare, count)
	if err != nil {
		return Calls{}, err
	}
	defer stop()

	before, err := count.Read()
	if err != nil {
		return Calls{}, err
	}
	requests, err := countedLoad(ctx, cl, count.Pause())
	if err != nil {
		return Calls{}, err
	}
	time.Sleep(settle)
	after, err := count.Read()
	if err != nil {
		return Calls{}, err
	}
	return newCalls(at, before, after, requests), nil
}

// A waver can send one request on each of its connections and wait for the replies.
type waver interface {
	Wave(ctx context.Context) (client.Load, error)
}

// countedLoad is the usual load, or with a pause, waves: a server that counting has made slow would else find the next
// request there already and be spared calls that it makes at its usual speed.
func countedLoad(ctx context.Context, cl client.Loader, pause time.Duration) (requests int, err error) {
	waves, ok := cl.(waver)
	if !ok || pause == 0 {
		l, err := cl.Run(ctx, countFor)
		return l.Requests + l.Burns, err
	}
	for start := time.Now(); time.Since(start) < countFor; time.Sleep(pause) {
		l, err := waves.Wave(ctx)
		if err != nil {
			return 0, err
		}
		requests += l.Requests + l.Burns
	}
	return requests, nil
}

func newCalls(at servers.Cell, before, after counting.Counts, requests int) Calls {
	total, byKind := after.Since(before)
	c := Calls{Cell: at, Total: float64(total) / float64(requests), ByKind: map[string]float64{}}
	for kind, n := range byKind {
		c.ByKind[kind] = float64(n) / float64(requests)
	}
	return c
}
