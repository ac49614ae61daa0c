// Package trace shows what the reactors and the descriptors of a program do: each transition of a
// word that a goroutine waits on, by the row of the table in polldesc/state.go, each edge, each
// deadline, each registration.
//
//	t, err := trace.Start(trace.Config{})
//	...
//	t.Stop()
//	t.Snapshot().WriteText(os.Stdout)
//
// A trace is switched on and off while the program runs. Events are kept in rings of a fixed size:
// the oldest are overwritten, and counted. To record an event allocates nothing, takes no lock and
// waits for no reader. The cost is in docs/trace.md.
//
// While the Go runtime traces too (package runtime/trace), each wait of a goroutine is a task with
// a region there, which go tool trace shows beside the scheduler.
//
// Where it stands: beside the root package. The core records by way of internal/tracer, below
// polldesc; this package starts, stops and reads.
package trace

import (
	"errors"
	"fmt"
	"time"

	"github.com/a57b2d82/netpoller/internal/tracer"
)

// A Config says what is recorded. The zero Config is one to begin with.
type Config struct {
	// Events is about how many events are kept, whatever they are of: 0 means 65536, and the
	// most is 1<<30. An event takes 40 bytes.
	Events int

	// Calls has system calls recorded too, with their results: recv, send, accept4, connect and
	// their like.
	Calls bool
}

// ErrStarted is the error of Start while another Trace records: there is one for the process.
var ErrStarted = errors.New("trace: another trace records")

// A Trace records events from Start until Stop. All methods may be called from any goroutine.
type Trace struct{ rings *tracer.Rings }

// Start begins to record the events of all reactors of the process. It panics if c.Events is
// negative or more than 1<<30. On systems other than Linux there are no events.
func Start(c Config) (*Trace, error) {
	if c.Events < 0 || c.Events > 1<<30 {
		panic(fmt.Sprintf("trace: Config.Events is %d", c.Events))
	}
	if c.Events == 0 {
		c.Events = 1 << 16
	}
	calls := tracer.WithoutCalls
	if c.Calls {
		calls = tracer.WithCalls
	}
	t := &Trace{tracer.New(c.Events, calls, now())}
	if !t.rings.Start() {
		return nil, ErrStarted
	}
	return t, nil
}

// Running returns the Trace that records, or nil.
func Running() *Trace {
	if r := tracer.Running(); r != nil {
		return &Trace{r}
	}
	return nil
}

// Stop ends the recording. The events stay, for Snapshot. Stopping again does nothing.
func (t *Trace) Stop() { t.rings.Stop() }

// Snapshot returns the last events. The recording goes on meanwhile.
func (t *Trace) Snapshot() *Snapshot {
	if t.rings == nil {
		panic("trace: use of a Trace that Start did not return")
	}
	events, lost := t.rings.Snapshot()
	s := &Snapshot{Start: t.rings.Wall, Lost: lost, Events: make([]Event, 0, len(events))}
	fds := map[life]int{}
	for _, e := range events {
		if e.Kind == tracer.Open || e.Kind == tracer.Register {
			fds[lifeOf(e)] = int(e.Arg)
		}
	}
	for _, e := range events {
		s.Events = append(s.Events, translate(e, t.rings.Began, fds))
	}
	return s
}

// A Snapshot is what a Trace had recorded at one time.
type Snapshot struct {
	Start  time.Time // when the Trace was started
	Lost   uint64    // events before, and between, that were overwritten
	Events []Event   // in the order in which they happened
}

// An Event is one thing that happened to a descriptor, or in a reactor.
type Event struct {
	At      time.Duration `json:"at"` // since Snapshot.Start, in nanoseconds
	Reactor int           `json:"reactor"`

	// Slot and Gen name a descriptor: the record that it uses, and which life of it this is. Gen
	// is 0 for an event of the reactor. FD is its number, if the trace has seen it, or -1.
	Slot uint32 `json:"slot"`
	Gen  uint32 `json:"gen"`
	FD   int    `json:"fd"`

	// Side is "read", "write", or "" for both.
	Side string `json:"side,omitempty"`

	// Name is a row of the table in polldesc/state.go, such as "O4 commit", or what else
	// happened, such as "register", "armed", "poll". Docs/trace.md lists them.
	Name string `json:"name"`

	// Was and Is are the states of the word before and after a transition: "idle", "ready",
	// "wait" or "parked". They are empty for what is no transition.
	Was string `json:"was,omitempty"`
	Is  string `json:"is,omitempty"`

	// Detail is what else is known: the bits of an edge, where an owner parks, when a deadline
	// is due, the result of a system call.
	Detail string `json:"detail,omitempty"`
}

// IsTransition reports whether e is a row of the table.
func (e *Event) IsTransition() bool { return e.Was != "" }

// A life names one life of a slot.
type life struct {
	reactor   uint16
	slot, gen uint32
}

func lifeOf(e tracer.Event) life { return life{e.Reactor, e.Slot, e.Gen} }

// translate returns e for readers. fds are the numbers of descriptors.
func translate(e tracer.Event, began int64, fds map[life]int) Event {
	fd, known := fds[lifeOf(e)]
	if !known {
		fd = -1
	}
	r := Event{
		At: time.Duration(e.Time - began), Reactor: int(e.Reactor), Slot: e.Slot, Gen: e.Gen, FD: fd,
		Side: tracer.Sides[e.Side], Name: e.Kind.String(), Detail: detail(e),
	}
	if e.Kind.IsTransition() {
		r.Was, r.Is = tracer.States[e.Was], tracer.States[e.Is]
	}
	return r
}

// detail tells what e.Arg means.
func detail(e tracer.Event) string {
	switch k := e.Kind; {
	case k == tracer.O4:
		return "parks on its " + tracer.Parkers[e.Arg]
	case k >= tracer.E1 && k <= tracer.E4, k == tracer.StaleEvent:
		return bits(e.Arg)
	case k == tracer.Open, k == tracer.Register:
		return fmt.Sprint("fd ", e.Arg)
	case k == tracer.SetDeadline && e.Arg == 0:
		return "none"
	case k == tracer.SetDeadline, k == tracer.Armed:
		return "in " + rounded(e.Arg-e.Time).String()
	case k == tracer.Due, k == tracer.Expired:
		return rounded(e.Time-e.Arg).String() + " ago"
	case k == tracer.Poll:
		return plural(e.Arg, "event")
	case k.IsCall():
		return result(e.Arg)
	}
	return ""
}

// plural returns a number of things.
func plural(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// rounded returns a time to microseconds.
func rounded(ns int64) time.Duration { return time.Duration(ns).Round(time.Microsecond) }
