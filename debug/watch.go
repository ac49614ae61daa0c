package debug

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller/trace"
)

// A watch has events recorded while someone looks.
type watch struct {
	mu    sync.Mutex // guards what follows
	own   *trace.Trace
	until time.Time // when to stop own
}

// watching is that of all handlers: there is one trace for the process, whichever group a page
// looks at.
var watching watch

// events is about how many a watch keeps.
const events = 1 << 16

// trace returns the trace that records, and keeps it recording for a while longer. It returns nil
// if one ends meanwhile.
func (w *watch) trace() *trace.Trace {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := trace.Running()
	if t == nil {
		t, _ = trace.Start(trace.Config{Events: events, Calls: true})
		w.own = t
	}
	if t == nil {
		t = trace.Running() // another one was started at the same time
	}
	w.until = time.Now().Add(watched)
	time.AfterFunc(watched, w.stop) // no timer is kept: one of a bubble must not be used outside
	return t
}

// stop ends what trace began, unless a page has asked since.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.own != nil && !time.Now().Before(w.until) {
		w.own.Stop()
		w.own = nil
	}
}

// settled is how old an event must be to be sent. Until then, one that happened before it may
// still be noted: an actor that the scheduler preempts after its step notes it when it runs again,
// and each goroutine before it in the run queue may run for 10 ms.
const settled = 50 * time.Millisecond

// A traceReply is what trace.json has.
type traceReply struct {
	Start  time.Time     `json:"start"` // names the trace: another one begins anew
	Now    int64         `json:"now"`   // since Start, in nanoseconds: events until then are here, or lost
	From   int64         `json:"from"`  // no event after it is lost
	Lost   uint64        `json:"lost"`
	Events []trace.Event `json:"events"`
}

// trace answers GET /trace.json. Its parameters: after is Now of the last answer; conn is the
// label of a connection, and leaves out all other events.
func (h *handler) trace(w http.ResponseWriter, r *http.Request) {
	t := watching.trace()
	if t == nil {
		http.Error(w, "the trace ended meanwhile: ask again", http.StatusServiceUnavailable)
		return
	}
	snapshot := t.Snapshot()
	after, until := number(r, "after", 0), time.Since(snapshot.Start)-settled
	conn := r.URL.Query().Get("conn")
	reply(w, traceReply{
		Start: snapshot.Start, Now: max(int64(until), after), Lost: snapshot.Lost,
		From: int64(complete(snapshot)), Events: choose(snapshot.Events, conn, time.Duration(after), until),
	})
}

// choose returns the events of a connection after one time and until another.
func choose(events []trace.Event, conn string, after, until time.Duration) []trace.Event {
	chosen := []trace.Event{}
	wanted, ok := parse(conn)
	for _, e := range events {
		if e.At > after && e.At <= until && (conn == "" || ok && wanted == idOf(&e)) {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

// complete returns the time since which s has all events.
func complete(s *trace.Snapshot) time.Duration {
	if s.Lost == 0 || len(s.Events) == 0 {
		return 0
	}
	return s.Events[0].At
}

// An id names a connection among those of the process, also after it is closed.
type id struct {
	reactor   int
	slot, gen uint32
}

func (c *connection) id() id { return id{c.Reactor, c.Slot, c.Gen} }

func idOf(e *trace.Event) id { return id{e.Reactor, e.Slot, e.Gen} }

// label is i in a query and in the table: reactor, slot and generation.
func (i id) label() string {
	return strings.Join([]string{strconv.Itoa(i.reactor), strconv.FormatUint(uint64(i.slot), 10), strconv.FormatUint(uint64(i.gen), 10)}, ".")
}

// parse returns what a label names.
func parse(label string) (i id, ok bool) {
	_, err := fmt.Sscanf(label, "%d.%d.%d", &i.reactor, &i.slot, &i.gen)
	return i, err == nil && i.label() == label
}
