package debug

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/a57b2d82/netpoller/poller"
)

// A state is what state.json has: the reactors, and one page of the table of connections.
type state struct {
	Now         int64         `json:"now"` // in nanoseconds, on the clock of rates
	Reactors    []reactor     `json:"reactors"`
	Open        int           `json:"open"`    // connections
	Matched     int           `json:"matched"` // of these, by the filter
	Connections []*connection `json:"connections"`
	Opened      *connection   `json:"opened"`  // the one that was asked for, or nil
	Tracing     bool          `json:"tracing"` // whether Since is known
}

// A reactor is one of the group. Its numbers are counted since it was made.
type reactor struct {
	Number      int    `json:"number"` // in a trace; 0 if it was not made yet
	Polls       uint64 `json:"polls"`
	Events      uint64 `json:"events"`
	Stale       uint64 `json:"stale"`
	Wakeups     uint64 `json:"wakeups"`
	TimersArmed uint64 `json:"timersArmed"`
	TimersFired uint64 `json:"timersFired"`
	Heap        int    `json:"heap"`
	Open        int    `json:"open"`
	Readers     int    `json:"readers"`
	Writers     int    `json:"writers"`
	Eventfds    int    `json:"eventfds"`

	// Lags are how many durations had each bound, in nanoseconds; the last has none.
	Bounds   []int64  `json:"bounds"`
	WakeLag  []uint64 `json:"wakeLag"`
	TimerLag []uint64 `json:"timerLag"`
}

// A connection is one row of the table: a descriptor of any kind.
type connection struct {
	Reactor int      `json:"reactor"`
	Slot    uint32   `json:"slot"`
	Gen     uint32   `json:"gen"`
	FD      int      `json:"fd"`
	Kind    string   `json:"kind"`   // such as tcp, tcp listener, udp, unix
	Local   string   `json:"local"`  // address
	Remote  string   `json:"remote"` // address
	Facts   []string `json:"facts"`
	Read    side     `json:"read"`
	Write   side     `json:"write"`
}

// A side is one of a connection.
type side struct {
	State string `json:"state"`
	Place string `json:"place"` // where its owner is parked
	Due   int64  `json:"due"`   // nanoseconds until its deadline; 0 for none, negative for a passed one
	Since int64  `json:"since"` // nanoseconds since the last transition, negative if they are more; 0 if it is not known
}

const (
	limit     = 500 // the most rows of an answer
	maxFilter = 200 // the most bytes of a filter: each word looks at all rows
)

// state answers GET /state.json. Its parameters: sort is the name of a column, before it a minus
// to begin with the largest; filter has words that a row must contain; offset and limit say which
// part of the table is wanted; conn is the label of one connection, which is wanted in any case.
func (h *handler) state(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query() // FormValue would read a body, too
	if len(query.Get("filter")) > maxFilter {
		http.Error(w, "the filter is too long", http.StatusBadRequest)
		return
	}
	rows, tracing := h.connections()
	s := state{Now: now(), Reactors: reactors(h.group), Open: len(rows), Tracing: tracing}
	s.Opened = h.opened(rows, query.Get("conn"))
	rows = filter(rows, strings.Fields(strings.ToLower(query.Get("filter"))))
	order(rows, query.Get("sort"))
	s.Matched = len(rows)
	from := min(number(r, "offset", 0), int64(len(rows)))
	to := min(from+min(number(r, "limit", 100), limit), int64(len(rows)))
	s.Connections = rows[from:to]
	for _, c := range s.Connections {
		address(c)
	}
	h.confirm(s.Connections)
	reply(w, s)
}

// opened returns a copy of the row with that label, with its addresses, or nil.
func (h *handler) opened(rows []*connection, name string) *connection {
	wanted, ok := parse(name)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(rows, func(c *connection) bool { return c.id() == wanted })
	if i < 0 {
		return nil
	}
	c := *rows[i]
	address(&c)
	h.confirm([]*connection{&c})
	return &c
}

func reactors(g *poller.Group) []reactor {
	all := []reactor{}
	g.Reactors(func(number int, s poller.Stats) {
		r := reactor{
			Number: number, Polls: s.Waits, Events: s.Events, Stale: s.Stale, Wakeups: s.Wakeups,
			TimersArmed: s.TimersArmed, TimersFired: s.TimersFired, Heap: s.Timers, Open: s.Open,
			Readers: s.ParkedReaders, Writers: s.ParkedWriters, Eventfds: s.Eventfds,
			WakeLag: s.WakeLag.Counts[:], TimerLag: s.TimerLag.Counts[:],
		}
		for i := range s.WakeLag.Counts[1:] {
			r.Bounds = append(r.Bounds, int64(s.WakeLag.Bound(i)))
		}
		all = append(all, r)
	})
	return all
}

// filter returns the rows that contain every word.
func filter(rows []*connection, words []string) []*connection {
	if len(words) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(c *connection) bool { return !c.matches(words) })
}

// matches reports whether c contains every word. For a word that no column has but the addresses,
// it asks the kernel for those.
func (c *connection) matches(words []string) bool {
	text := c.text()
	for _, word := range words {
		if !strings.Contains(text, word) && c.Kind == "" {
			address(c)
			text = c.text()
		}
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// text is what the filter looks at, in lower case.
func (c *connection) text() string {
	parts := []string{
		c.id().label(), c.Kind, c.Local, c.Remote, strings.Join(c.Facts, " "),
		"read:" + c.Read.State, c.Read.Place, "write:" + c.Write.State, c.Write.Place,
	}
	return strings.ToLower(strings.Join(parts, " "))
}

// columns are those that a table can be sorted by, as functions that compare two rows.
var columns = map[string]func(a, b *connection) int{
	"reactor": func(a, b *connection) int { return cmp.Compare(a.Reactor, b.Reactor) },
	"fd":      func(a, b *connection) int { return cmp.Compare(a.FD, b.FD) },
	"slot":    func(a, b *connection) int { return cmp.Compare(a.Slot, b.Slot) },
	"kind":    func(a, b *connection) int { return cmp.Compare(a.Kind, b.Kind) },
	"local":   func(a, b *connection) int { return cmp.Compare(a.Local, b.Local) },
	"remote":  func(a, b *connection) int { return cmp.Compare(a.Remote, b.Remote) },
	"facts":   func(a, b *connection) int { return slices.Compare(a.Facts, b.Facts) },
	"read":    func(a, b *connection) int { return a.Read.compare(&b.Read) },
	"write":   func(a, b *connection) int { return a.Write.compare(&b.Write) },
	"due":     func(a, b *connection) int { return cmp.Compare(a.due(), b.due()) },
}

// compare compares states, and of the same state for how long they are.
func (s *side) compare(o *side) int {
	return cmp.Or(cmp.Compare(s.State, o.State), cmp.Compare(max(s.Since, -s.Since), max(o.Since, -o.Since)))
}

// due is when the earlier deadline of the two passes. No deadline is later than any.
func (c *connection) due() int64 {
	due := int64(1<<63 - 1)
	for _, s := range []side{c.Read, c.Write} {
		if s.Due != 0 {
			due = min(due, s.Due)
		}
	}
	return due
}

// order sorts the rows, by the slot where all else is equal.
func order(rows []*connection, by string) {
	name, down := strings.CutPrefix(by, "-")
	compare, known := columns[name]
	if !known {
		compare = columns["slot"]
	}
	if name == "kind" || name == "local" || name == "remote" {
		for _, c := range rows {
			address(c)
		}
	}
	slices.SortFunc(rows, func(a, b *connection) int {
		c := compare(a, b)
		if down {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.Reactor, b.Reactor), cmp.Compare(a.Slot, b.Slot))
	})
}
