package tracer

import (
	"context"
	"runtime/trace"
)

// A Wait is one of a goroutine for a descriptor, in the trace of the Go runtime: a task with a
// region, which go tool trace shows beside the scheduler. The zero Wait is in no trace.
type Wait struct {
	task   *trace.Task
	region *trace.Region
}

// Waits begins a Wait if events are recorded, and the runtime traces. The goroutine calls End
// when it runs again.
func Waits(slot uint32, side uint8) Wait {
	if On() {
		return begin(slot, side)
	}
	return Wait{}
}

func begin(slot uint32, side uint8) (w Wait) {
	if !trace.IsEnabled() {
		return w
	}
	what := "netpoller: wait to " + Sides[side]
	var ctx context.Context
	ctx, w.task = trace.NewTask(context.Background(), what)
	trace.Logf(ctx, "netpoller", "slot %d", slot)
	w.region = trace.StartRegion(ctx, what)
	return w
}

// End ends the Wait.
func (w Wait) End() {
	if w.task != nil {
		w.end()
	}
}

func (w Wait) end() {
	w.region.End()
	w.task.End()
}
