package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// start starts a trace that the test stops.
func start(t *testing.T, c Config) *Trace {
	tr, err := Start(c)
	require.NoError(t, err)
	t.Cleanup(tr.Stop)
	return tr
}

// pair returns both ends of a connection on a group of its own.
func pair(t *testing.T) (g *netpoller.PollerGroup, client, server netpoller.Conn) {
	g = netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	t.Cleanup(func() { g.Close() })
	ln, err := (&netpoller.ListenConfig{Poller: g}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err = (&netpoller.Dialer{Poller: g}).Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	server, err = ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	return g, client, server
}

// read begins a Read that waits.
func read(t *testing.T, g *netpoller.PollerGroup, c netpoller.Conn) (ended chan error) {
	ended = make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 64)); ended <- err }()
	nettest.Eventually(t, "the Read waits", func() bool { return g.Stats().ParkedReaders == 1 })
	return ended
}

// of returns the names of the events of the reading side whose number is that of the last
// registered descriptor.
func of(s *Snapshot, keep func(*Event) bool) (names []string) {
	fd := -1
	for _, e := range s.Events {
		if e.Name == "register" {
			fd = e.FD
		}
	}
	for i := range s.Events {
		if e := &s.Events[i]; e.FD == fd && keep(e) {
			names = append(names, e.Name)
		}
	}
	return names
}

func transitions(e *Event) bool { return e.IsTransition() && e.Side == "read" }

// If this fails, the trace of a Read shows another way through the table than the one it takes.
func TestTraceOfAWait(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(client, server netpoller.Conn)
		want []string
	}{
		"data":     {func(client, _ netpoller.Conn) { client.Write([]byte("x")) }, []string{"O1 reset", "O3 announce", "O4 commit", "E4 edge", "O6 collect"}},
		"deadline": {func(_, server netpoller.Conn) { server.SetReadDeadline(nettest.LongAgo) }, []string{"O1 reset", "O3 announce", "O4 commit", "U4 cancel", "O6 collect"}},
		"Close":    {func(_, server netpoller.Conn) { server.Close() }, []string{"O1 reset", "O3 announce", "O4 commit", "U4 cancel", "O6 collect"}},
	} {
		t.Run(name, func(t *testing.T) {
			g, client, server := pair(t)
			tr := start(t, Config{})
			ended := read(t, g, server)
			c.end(client, server)
			<-ended
			s := tr.Snapshot()
			require.Equal(t, c.want, of(s, transitions))
			require.Zero(t, s.Lost)
			for _, e := range s.Events {
				require.Positive(t, e.At)
				require.NotContains(t, e.Name, "recv", "nobody asked for system calls")
			}
		})
	}
}

// If this fails, a deadline cannot be followed from SetDeadline to the end of the Read.
func TestTraceOfADeadline(t *testing.T) {
	g, _, server := pair(t)
	tr := start(t, Config{Calls: true})
	ended := read(t, g, server)
	require.NoError(t, server.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	require.ErrorIs(t, <-ended, os.ErrDeadlineExceeded)
	names := of(tr.Snapshot(), func(e *Event) bool { return e.Side != "write" })
	for _, want := range []string{"O1 reset", "recv", "register", "O4 commit", "set deadline", "armed", "due", "expired", "U4 cancel"} {
		i := slices.Index(names, want)
		require.GreaterOrEqual(t, i, 0, "%s is missing, or too early", want)
		names = names[i+1:]
	}
	require.Contains(t, names, "O6 collect")
}

// If this fails, the trace names another place to park than the owner's.
func TestTraceNamesTheParker(t *testing.T) {
	g, client, server := pair(t)
	tr := start(t, Config{})
	ended := read(t, g, server)
	notified := make(chan bool)
	client.(*netpoller.TCPConn).NotifyReadable(func() { close(notified) })
	nettest.Eventually(t, "both wait", func() bool { return g.Stats().ParkedReaders == 2 })
	for _, c := range []netpoller.Conn{client, server} {
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
	}
	require.NoError(t, <-ended)
	<-notified
	require.NotContains(t, places(tr), "parks on its eventfd")
	for range 100 { // then the server, woken alone each time, parks on an eventfd, if there are two processors
		ended := read(t, g, server)
		_, err := client.Write([]byte("x"))
		require.NoError(t, err)
		require.NoError(t, <-ended)
	}
	all := places(tr)
	require.Contains(t, all, "parks on its channel")
	require.Contains(t, all, "parks on its notification")
	require.Equal(t, g.Stats().Eventfds > 0, all["parks on its eventfd"])
}

// places are where owners parked.
func places(tr *Trace) map[string]bool {
	places := map[string]bool{}
	for _, e := range tr.Snapshot().Events {
		if e.Name == "O4 commit" {
			places[e.Detail] = true
		}
	}
	return places
}

// If this fails, events under load are lost, torn or out of order: somewhere the word of a side
// changes from a state that it is not in.
func TestTraceIsAWayThroughTheTable(t *testing.T) {
	tr := start(t, Config{Events: 1 << 18, Calls: true})
	var all sync.WaitGroup
	for range 8 {
		_, client, server := pair(t)
		all.Go(func() { _, _ = io.Copy(server, server) })
		all.Go(func() {
			defer client.Close()
			b := make([]byte, 100)
			for range 300 {
				if rand.IntN(4) == 0 {
					_ = client.SetReadDeadline(time.Now().Add(time.Duration(rand.IntN(200)) * time.Microsecond))
				} else {
					_ = client.SetReadDeadline(time.Time{})
					if _, err := client.Write(b[:1]); err != nil {
						t.Error(err)
					}
				}
				_, _ = client.Read(b)
				if rand.IntN(4) == 0 { // an answer may be outstanding, and another one be on its way
					_ = client.SetReadDeadline(nettest.LongAgo)
				}
			}
		})
	}
	all.Wait()
	s := tr.Snapshot()
	require.Zero(t, s.Lost)
	type side struct {
		reactor   int
		slot, gen uint32
		side      string
	}
	is, n := map[side]string{}, 0
	for _, e := range s.Events {
		if !e.IsTransition() {
			continue
		}
		k := side{e.Reactor, e.Slot, e.Gen, e.Side}
		if was, seen := is[k]; seen && was != e.Was {
			t.Fatalf("%+v, and the word was %s", e, was)
		}
		is[k] = e.Is
		n++
	}
	require.Greater(t, n, 1000)
}

// If this fails, ui.perfetto.dev shows no picture, or a wrong one.
func TestPerfetto(t *testing.T) {
	g, client, server := pair(t)
	tr := start(t, Config{})
	for range 3 {
		ended := read(t, g, server)
		_, err := client.Write([]byte("x"))
		require.NoError(t, err)
		require.NoError(t, <-ended)
	}
	var b bytes.Buffer
	require.NoError(t, tr.Snapshot().WritePerfetto(&b))
	var file struct{ TraceEvents []item }
	require.NoError(t, json.Unmarshal(b.Bytes(), &file))
	count := map[string]int{}
	begun, ended := map[int]float64{}, map[int]float64{}
	for _, i := range file.TraceEvents {
		count[i.Phase+" "+i.Name]++
		require.GreaterOrEqual(t, i.Dur, 0.0)
		switch i.Phase {
		case "s":
			begun[i.ID] = i.Time
		case "f":
			ended[i.ID] = i.Time
		}
	}
	require.Equal(t, 3, count["X parked"])
	require.Equal(t, 3, count["X ready"])
	require.Equal(t, 3, count["i E4 edge"])
	require.Len(t, begun, 3)
	require.Len(t, ended, 3)
	for id, at := range begun {
		require.LessOrEqual(t, at, ended[id])
	}
	require.Contains(t, b.String(), `{"name":"the reactor"}`)
}

// If this fails, go tool trace does not show the waits.
func TestRuntimeTrace(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("the test itself is traced")
	}
	g, client, server := pair(t)
	start(t, Config{})
	var b bytes.Buffer
	require.NoError(t, trace.Start(&b))
	ended := read(t, g, server)
	_, err := client.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, <-ended)
	trace.Stop()
	require.Contains(t, b.String(), "netpoller: wait to read")
}

// If this fails, the text lacks what its doc comment shows.
func TestText(t *testing.T) {
	s := &Snapshot{Lost: 7, Events: []Event{
		{At: 1023 * time.Microsecond, Reactor: 1, Slot: 3, Gen: 1, FD: 7, Side: "read", Name: "O4 commit", Was: "wait", Is: "parked", Detail: "parks on its channel"},
		{At: 2 * time.Second, Reactor: 1, FD: -1, Name: "poll", Detail: "0 events"},
		{At: 2 * time.Second, Reactor: 1, Slot: 4, Gen: 9, FD: -1, Name: "open"},
	}}
	var b strings.Builder
	require.NoError(t, s.WriteText(&b))
	require.Equal(t, `7 earlier events were overwritten
  0.001023  r1  fd 7  3.1   read   O4 commit     wait -> parked   parks on its channel
  2.000000  r1                     poll                           0 events
  2.000000  r1       4.9           open
`, b.String())
}

// If this fails, the race detector reports a program without a race, in which a trace begins while
// deadlines are set.
func TestStartBesideDeadlines(t *testing.T) {
	_, client, _ := pair(t)
	var set sync.WaitGroup
	set.Go(func() {
		for range 3000 {
			require.NoError(t, client.SetDeadline(time.Now().Add(time.Microsecond))) // earlier than any
			time.Sleep(time.Microsecond)
		}
	})
	done := make(chan struct{})
	go func() { set.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		tr, err := Start(Config{Events: 1})
		require.NoError(t, err)
		runtime.Gosched()
		tr.Stop()
	}
}

// If this fails, a mistake in the use of a Trace passes in silence.
func TestMisuse(t *testing.T) {
	for _, n := range []int{-1, 1<<30 + 1, math.MaxInt} {
		require.PanicsWithValue(t, fmt.Sprintf("trace: Config.Events is %d", n), func() { _, _ = Start(Config{Events: n}) })
	}
	require.PanicsWithValue(t, "trace: use of a Trace that Start did not return", func() { new(Trace).Snapshot() })
	tr := start(t, Config{Events: 1})
	_, err := Start(Config{})
	require.ErrorIs(t, err, ErrStarted)
	tr.Stop()
	tr.Stop()
	start(t, Config{}).Stop()
}

// If this fails, a trace with system calls lacks the reads with which a copy passes urgent data, where
// splice(2) stops.
func TestTraceOfACopyPastUrgentData(t *testing.T) {
	_, client, server := pair(t)
	_, _, to := pair(t)
	raw, err := client.(*netpoller.TCPConn).SyscallConn()
	require.NoError(t, err)
	for _, part := range []struct {
		text  string
		flags int
	}{{"abc", 0}, {"!", unix.MSG_OOB}, {"defg", 0}} {
		require.NoError(t, raw.Control(func(fd uintptr) { require.NoError(t, unix.Send(int(fd), []byte(part.text), part.flags)) }))
	}
	require.NoError(t, client.Close())
	tr := start(t, Config{Calls: true})
	n, err := to.(*netpoller.TCPConn).ReadFrom(server)
	require.NoError(t, err)
	require.EqualValues(t, 7, n)
	received := 0
	for _, e := range tr.Snapshot().Events {
		if e.Name == "recv" {
			n, _ := strconv.Atoi(e.Detail) // or the name of an error
			received += n
		}
	}
	require.Equal(t, 7, received)
}
