package debug

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/trace"
)

// get asks for a JSON file of the page and decodes it.
func get[T any](t *testing.T, h http.Handler, path string) (v T) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

// group returns a group with a listener, and both ends of a connection to it.
func group(t *testing.T) (g *netpoller.PollerGroup, ln netpoller.Listener, client, server netpoller.Conn) {
	g = netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	t.Cleanup(func() { g.Close() })
	ln, err := (&netpoller.ListenConfig{Poller: g}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	client, err = (&netpoller.Dialer{Poller: g}).Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	server, err = ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close(); client.Close(); server.Close() })
	return g, ln, client, server
}

// If this fails, the table shows other connections than there are, or other states of theirs.
func TestState(t *testing.T) {
	g, ln, client, server := group(t)
	h := Handler(g)
	require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Hour)))
	go client.Read(make([]byte, 1))
	server.(*netpoller.TCPConn).NotifyReadable(func() {})
	nettest.Eventually(t, "both wait", func() bool { return g.Stats().ParkedReaders == 2 })
	s := get[state](t, h, "/state.json?sort=fd")
	require.Equal(t, 3, s.Open)
	require.Equal(t, 3, s.Matched)
	require.Len(t, s.Reactors, 1)
	require.Equal(t, 3, s.Reactors[0].Open)
	require.Equal(t, 2, s.Reactors[0].Readers)
	require.Equal(t, 1, s.Reactors[0].Heap)
	require.Len(t, s.Reactors[0].WakeLag, len(s.Reactors[0].Bounds)+1)
	rows := map[string]*connection{}
	for _, c := range s.Connections {
		rows[c.Local+">"+c.Remote] = c
	}
	require.Len(t, rows, 3)
	here, there := client.LocalAddr().String(), client.RemoteAddr().String()
	l, c, sv := rows[ln.Addr().String()+">"], rows[here+">"+there], rows[there+">"+here]
	require.Equal(t, "tcp listener", l.Kind)
	require.Equal(t, "tcp", c.Kind)
	require.Equal(t, side{State: "parked", Place: "channel", Due: c.Read.Due}, c.Read)
	require.InDelta(t, int64(time.Hour), c.Read.Due, float64(time.Minute))
	require.Equal(t, side{State: "parked", Place: "notification"}, sv.Read)
	require.Equal(t, "idle", c.Write.State)
	require.NotZero(t, c.FD)

	require.NoError(t, server.Close())
	nettest.Eventually(t, "the end is a fact", func() bool {
		s := get[state](t, h, "/state.json?filter=rdhup")
		return s.Open == 2 && s.Matched == 1 && s.Connections[0].Local == here
	})
}

// If this fails, a part of the table is not what was asked for.
func TestTable(t *testing.T) {
	g, ln, client, _ := group(t)
	h := Handler(g)
	for _, c := range []struct {
		query string
		want  int
	}{
		{"filter=listener", 1}, {"filter=LISTENER", 1}, {"filter=" + client.LocalAddr().String(), 2}, {"filter=tcp+read:idle", 3},
		{"filter=read:parked", 0}, {"filter=nonsense", 0}, {"filter=udp", 0},
	} {
		require.Equal(t, c.want, get[state](t, h, "/state.json?"+c.query).Matched, c.query)
	}
	for name := range columns {
		up, down := get[state](t, h, "/state.json?sort="+name).Connections, get[state](t, h, "/state.json?sort=-"+name).Connections
		require.Len(t, up, 3)
		compare := columns[name]
		for i := range 2 {
			require.LessOrEqual(t, compare(up[i], up[i+1]), 0, name)
			require.GreaterOrEqual(t, compare(down[i], down[i+1]), 0, name)
		}
	}
	for query, want := range map[string]int{"offset=1": 2, "offset=7": 0, "limit=2": 2, "limit=0": 0, "offset=2&limit=5": 1, "offset=-1&limit=x": 3} {
		s := get[state](t, h, "/state.json?sort=slot&"+query)
		require.Len(t, s.Connections, want, query)
		require.Equal(t, 3, s.Matched)
	}
	_ = ln
}

// If this fails, an open connection is looked for in vain, or another one is shown for it.
func TestOpened(t *testing.T) {
	g, _, client, _ := group(t)
	h := Handler(g)
	for _, c := range get[state](t, h, "/state.json").Connections {
		s := get[state](t, h, "/state.json?limit=0&filter=nothing&conn="+c.id().label())
		require.Empty(t, s.Connections)
		require.Equal(t, c, s.Opened)
	}
	here := client.LocalAddr().String()
	rows := get[state](t, h, "/state.json?filter="+here).Connections
	i := slices.IndexFunc(rows, func(c *connection) bool { return c.Local == here })
	require.NoError(t, client.Close())
	for _, name := range []string{"", "x", "1.2", "9.9.9", rows[i].id().label()} {
		require.Nil(t, get[state](t, h, "/state.json?conn="+name).Opened, name)
	}
}

// If this fails, the table shows a shorter time than a side has been in its state.
func TestSinceAfterLoss(t *testing.T) {
	second := time.Second
	c := &connection{Reactor: 1, Slot: 2, Gen: 3}
	h := &history{elapsed: 9 * second, last: map[sideOf]time.Duration{{c.id(), 1}: 7 * second}}
	require.EqualValues(t, 2*second, h.since(c, 1))
	require.EqualValues(t, -9*second, h.since(c, 0), "nothing was lost: it is so since the trace began")
	h.from = 4 * second
	require.EqualValues(t, -5*second, h.since(c, 0), "events reach back so far")
	require.Zero(t, (*history)(nil).since(c, 0))
}

// If this fails, the page does not say that events are missing, or says so where none are.
func TestComplete(t *testing.T) {
	s := &trace.Snapshot{Events: []trace.Event{{At: 7}, {At: 8}}}
	require.Zero(t, complete(s), "nothing is lost")
	s.Lost = 1
	require.EqualValues(t, 7, complete(s))
}

// If this fails, the page shows no transitions, those of others, or some twice.
func TestTrace(t *testing.T) {
	g, _, client, server := group(t)
	h := Handler(g)
	first := get[traceReply](t, h, "/trace.json")
	require.NotNil(t, trace.Running())
	waits := func() chan error {
		ended := make(chan error, 1)
		go func() { _, err := client.Read(make([]byte, 1)); ended <- err }()
		nettest.Eventually(t, "it waits", func() bool { return g.Stats().ParkedReaders == 1 })
		return ended
	}
	ended := waits()
	s := get[state](t, h, "/state.json?filter=read:parked")
	row := s.Connections[0]
	require.True(t, s.Tracing)
	require.Positive(t, row.Read.Since)
	require.Negative(t, row.Write.Since, "it did nothing since the trace began")
	_, err := server.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, <-ended)
	var names []string
	conn := fmt.Sprintf("%d.%d.%d", row.Reactor, row.Slot, row.Gen)
	after := first.Now
	nettest.Eventually(t, "the transitions come", func() bool {
		r := get[traceReply](t, h, fmt.Sprintf("/trace.json?after=%d&conn=%s", after, conn))
		require.True(t, first.Start.Equal(r.Start))
		after = r.Now
		for _, e := range r.Events {
			require.Equal(t, conn, idOf(&e).label())
			if e.IsTransition() {
				names = append(names, e.Name)
			}
		}
		return len(names) >= 5
	})
	require.Equal(t, []string{"O1 reset", "O3 announce", "O4 commit", "E4 edge", "O6 collect"}, names)
	h2 := Handler(g) // another viewer uses the same trace
	require.True(t, first.Start.Equal(get[traceReply](t, h2, "/trace.json").Start))
	stopTraces(t)
}

// stopTraces stops what handlers have begun, as they do themselves after a while.
func stopTraces(t *testing.T) {
	if tr := trace.Running(); tr != nil {
		tr.Stop()
	}
	require.Nil(t, trace.Running())
}

// If this fails, a trace that a page began records permanently, or ends while another page looks, or
// the program's own ends with it.
func TestWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := Handler(netpoller.DefaultPollerGroup()), Handler(netpoller.DefaultPollerGroup())
		first := get[traceReply](t, one, "/trace.json")
		for range 3 {
			time.Sleep(watched * 2 / 3)
			require.True(t, first.Start.Equal(get[traceReply](t, other, "/trace.json").Start), "it goes on")
		}
		time.Sleep(watched + 1)
		require.Nil(t, trace.Running())

		own, err := trace.Start(trace.Config{})
		require.NoError(t, err)
		get[traceReply](t, one, "/trace.json")
		time.Sleep(watched + 1)
		require.NotNil(t, trace.Running(), "it is the program's")
		own.Stop()
	})
}

// If this fails, a table of many connections is work for the collector: each comparison allocates.
func TestOrderAllocatesLittle(t *testing.T) {
	rows := make([]*connection, 1000)
	for i := range rows {
		rows[i] = &connection{FD: i * 7919 % len(rows)}
	}
	for _, by := range []string{"fd", "-fd", "read"} {
		require.Less(t, testing.AllocsPerRun(10, func() { order(rows, by) }), 20.0)
	}
}

// If this fails, a query makes the handler fail, work for minutes, or take what is not in the query.
func TestQueriesOfAnyKind(t *testing.T) {
	g, _, _, _ := group(t)
	h := Handler(g)
	for _, n := range []string{"2147483648", "4294967295", "9223372036854775807", "9223372036854775808", "-1", "1e3"} {
		get[state](t, h, "/state.json?offset="+n)
		get[state](t, h, "/state.json?limit="+n)
		get[state](t, h, "/state.json?offset=1&limit="+n)
		get[traceReply](t, h, "/trace.json?after="+n)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/state.json?filter="+strings.Repeat("tcp+", 1<<16), nil))
	require.Equal(t, http.StatusBadRequest, w.Code)

	body := "--x\r\nContent-Disposition: form-data; name=\"filter\"\r\n\r\nnonsense\r\n--x--\r\n"
	r := httptest.NewRequest("GET", "/state.json", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var s state
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
	require.Equal(t, 3, s.Matched, "the handler reads bodies, and may keep them in files")
	stopTraces(t)
}

// If this fails, the page does anything but show, or a browser may be made to load something else.
func TestReadOnly(t *testing.T) {
	g, _, _, _ := group(t)
	h := Handler(g)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/state.json", nil))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	}
	for path, code := range map[string]int{"/": 200, "/state.json": 200, "/nothing": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		require.Equal(t, code, w.Code, path)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'self'")
	}
}

// If this fails, a mistake shows at the first request only.
func TestNilGroup(t *testing.T) {
	require.PanicsWithValue(t, "debug.Handler: nil PollerGroup", func() { Handler(nil) })
}
