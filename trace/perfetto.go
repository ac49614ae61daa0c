package trace

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// This file writes the Trace Event Format, which ui.perfetto.dev and chrome://tracing open. A
// reactor is a process there. Its first track has what it does itself, and each side of a
// descriptor has a track with the states of its word. An arrow leads from the edge that woke an
// owner to the owner's first step.

// An item is one of the format's events. Times are in microseconds.
type item struct {
	Phase string         `json:"ph"`
	Name  string         `json:"name"`
	Pid   int            `json:"pid"`
	Tid   int            `json:"tid"`
	Time  float64        `json:"ts"`
	Dur   float64        `json:"dur,omitempty"`
	Scope string         `json:"s,omitempty"`
	ID    int            `json:"id,omitempty"`
	Bind  string         `json:"bp,omitempty"`
	Cat   string         `json:"cat,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
}

// A track is one line of the picture: a reactor's own, or one side of a descriptor.
type track struct {
	reactor int
	slot    uint32
	gen     uint32 // 0: the reactor's own
	side    string // "": what happens to the descriptor
}

// tracks makes the items.
type tracks struct {
	items []item
	ids   map[track]int
	names map[track]string // as far as they are known
	word  map[track]*Event // the last transition of a side
	flows map[track]int    // arrows to an owner that has not run yet
	arrow int
	end   time.Duration // of the trace
}

// WritePerfetto writes JSON that ui.perfetto.dev opens.
func (s *Snapshot) WritePerfetto(w io.Writer) error {
	t := &tracks{ids: map[track]int{}, names: map[track]string{}, word: map[track]*Event{}, flows: map[track]int{}}
	if n := len(s.Events); n > 0 {
		t.end = s.Events[n-1].At
	}
	for i := range s.Events {
		t.add(&s.Events[i])
	}
	for k, e := range t.word {
		t.state(k, e, t.end)
	}
	t.describe()
	return json.NewEncoder(w).Encode(map[string]any{
		"displayTimeUnit": "ns",
		"otherData":       map[string]any{"start": s.Start.Format(time.RFC3339Nano), "lost events": s.Lost},
		"traceEvents":     t.items,
	})
}

// add adds one event to the track that it belongs to.
func (t *tracks) add(e *Event) {
	k := track{e.Reactor, e.Slot, e.Gen, e.Side}
	if e.Gen != 0 {
		t.name(k, e)
	}
	if !e.IsTransition() {
		t.instant(k, e)
		return
	}
	if before := t.word[k]; before != nil {
		t.state(k, before, e.At)
	}
	t.word[k] = e
	t.instant(k, e)
	switch e.Name {
	case "E4 edge":
		t.begin(k, e)
	case "O6 collect":
		t.arrive(k, e)
	}
}

// instant marks the time of e.
func (t *tracks) instant(k track, e *Event) {
	args := map[string]any{}
	if e.Detail != "" {
		args["detail"] = e.Detail
	}
	if e.IsTransition() {
		args["word"] = e.Was + " -> " + e.Is
	}
	t.items = append(t.items, item{Phase: "i", Scope: "t", Name: e.Name, Pid: k.reactor, Tid: t.id(k), Time: micros(e.At), Args: args})
}

// state draws the state that begin led to, until end. An idle word is an empty track.
func (t *tracks) state(k track, begin *Event, end time.Duration) {
	if begin.Is == "idle" {
		return
	}
	t.items = append(t.items, item{Phase: "X", Name: begin.Is, Pid: k.reactor, Tid: t.id(k), Time: micros(begin.At), Dur: micros(end - begin.At)})
}

// begin draws the edge on the track of its reactor, and begins an arrow there.
func (t *tracks) begin(k track, e *Event) {
	t.arrow++
	t.flows[k] = t.arrow
	own := track{reactor: k.reactor}
	at := item{Name: "wakes " + t.names[k], Pid: k.reactor, Tid: t.id(own), Time: micros(e.At)}
	slice, flow := at, at
	slice.Phase, slice.Dur = "X", 0.5
	flow.Phase, flow.Name, flow.Cat, flow.ID = "s", "wake-up", "wake-up", t.arrow
	t.items = append(t.items, slice, flow)
}

// arrive ends the arrow where the owner collects.
func (t *tracks) arrive(k track, e *Event) {
	id := t.flows[k]
	if id == 0 {
		return
	}
	delete(t.flows, k)
	at := item{Name: "runs", Pid: k.reactor, Tid: t.id(k), Time: micros(e.At)}
	slice, flow := at, at
	slice.Phase, slice.Dur = "X", 0.5
	flow.Phase, flow.Name, flow.Cat, flow.ID, flow.Bind = "f", "wake-up", "wake-up", id, "e"
	t.items = append(t.items, slice, flow)
}

// id returns the number of a track.
func (t *tracks) id(k track) int {
	id, known := t.ids[k]
	if !known {
		id = len(t.ids) + 1
		t.ids[k] = id
	}
	return id
}

// name names a track after e, which may know the descriptor's number.
func (t *tracks) name(k track, e *Event) {
	name := fmt.Sprintf("slot %d.%d", e.Slot, e.Gen)
	if e.FD >= 0 {
		name = fmt.Sprintf("fd %d (%s)", e.FD, name)
	}
	if e.Side != "" {
		name += " " + e.Side
	}
	t.names[k] = name
}

// describe names the processes and the tracks.
func (t *tracks) describe() {
	named := map[int]bool{}
	for k, id := range t.ids {
		if !named[k.reactor] {
			named[k.reactor] = true
			t.items = append(t.items, item{Phase: "M", Name: "process_name", Pid: k.reactor, Args: map[string]any{"name": fmt.Sprint("reactor ", k.reactor)}})
		}
		name, order := t.names[k], id
		if k.gen == 0 {
			name, order = "the reactor", 0
		}
		t.items = append(t.items,
			item{Phase: "M", Name: "thread_name", Pid: k.reactor, Tid: id, Args: map[string]any{"name": name}},
			item{Phase: "M", Name: "thread_sort_index", Pid: k.reactor, Tid: id, Args: map[string]any{"sort_index": order}})
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
