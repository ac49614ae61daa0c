package metrics

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// If this fails, a metric has a name against the conventions of Prometheus, or another value than
// the statistics, or two groups cannot be registered together.
func TestCollector(t *testing.T) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 2})
	defer g.Close()
	config := netpoller.ListenConfig{Poller: g}
	ln, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	dialer := netpoller.Dialer{Poller: g}
	client, err := dialer.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := ln.Accept()
	require.NoError(t, err)
	defer server.Close()
	require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Hour)))
	go client.Read(make([]byte, 1))
	require.Eventually(t, func() bool { return g.Stats().ParkedReaders == 1 }, 20*time.Second, time.Millisecond)

	r := prometheus.NewPedanticRegistry()
	r.MustRegister(NewCollector("own", g), NewCollector("default", netpoller.DefaultPollerGroup()))
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
	var numbers []string // of the reactors of own; that of default was not made
	g.Reactors(func(number int, _ netpoller.PollerStats) { numbers = append(numbers, strconv.Itoa(number)) })
	names := strings.NewReplacer("FIRST", numbers[0], "SECOND", numbers[1])
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(names.Replace(`
# HELP netpoller_deadlines Deadlines in the heap.
# TYPE netpoller_deadlines gauge
netpoller_deadlines{group="own",reactor="FIRST"} 1
netpoller_deadlines{group="own",reactor="SECOND"} 0
# HELP netpoller_descriptors Open sockets.
# TYPE netpoller_descriptors gauge
netpoller_descriptors{group="own",reactor="FIRST"} 1
netpoller_descriptors{group="own",reactor="SECOND"} 2
# HELP netpoller_waiting Sides of sockets on which a goroutine or a notification waits.
# TYPE netpoller_waiting gauge
netpoller_waiting{group="own",reactor="FIRST",side="read"} 1
netpoller_waiting{group="own",reactor="FIRST",side="write"} 0
netpoller_waiting{group="own",reactor="SECOND",side="read"} 0
netpoller_waiting{group="own",reactor="SECOND",side="write"} 0
`)), "netpoller_deadlines", "netpoller_descriptors", "netpoller_waiting"))
	stats := g.Stats()
	for _, m := range metrics {
		require.NotEmpty(t, m.help)
		if m.name == "netpoller_events_total" {
			require.EqualValues(t, stats.Events, m.value(stats))
		}
	}
}

// If this fails, the dashboard or the page names a metric that does not exist, or lacks one.
func TestPagesNameTheMetrics(t *testing.T) {
	for _, name := range []string{"dashboard.json", "../docs/metrics.md"} {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.HasSuffix(name, ".json") {
			require.True(t, json.Valid(b))
		}
		named := map[string]bool{}
		for _, m := range regexp.MustCompile(`netpoller_[a-z_]+`).FindAllString(string(b), -1) {
			named[suffix.ReplaceAllString(m, "$1")] = true
		}
		for _, m := range names() {
			require.Contains(t, named, m, name)
		}
		for m := range named {
			require.Contains(t, names(), m, name)
		}
	}
}

// If this fails, the page shows another output than that of its command.
func TestPageShowsTheExample(t *testing.T) {
	out, err := exec.Command("go", "run", "./example").CombinedOutput()
	require.NoError(t, err, "%s", out)
	page, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if line[0] != '#' && !strings.Contains(line, "_bucket") {
			line = regexp.MustCompile(`(events|polls)_total.*\n`).ReplaceAllString(line, "$1") // whose numbers vary
			require.Contains(t, string(page), line)
		}
	}
}

func names() (names []string) {
	for _, m := range metrics {
		names = append(names, m.name)
	}
	for _, h := range histograms {
		names = append(names, h.name)
	}
	return names
}

// suffix is what Prometheus appends to the names of a histogram's series.
var suffix = regexp.MustCompile(`(_seconds)_(bucket|count|sum)$`)

// If this fails, a histogram has other buckets, or another sum, than the statistics.
func TestHistograms(t *testing.T) {
	var h netpoller.PollerHistogram
	h.Counts[0], h.Counts[3], h.Counts[len(h.Counts)-1], h.Sum = 5, 2, 1, 7*time.Second
	b := buckets(h)
	require.Len(t, b, len(h.Counts)-1)
	require.EqualValues(t, 5, b[1e-6])
	require.EqualValues(t, 5, b[4e-6])
	require.EqualValues(t, 7, b[8e-6])
	require.EqualValues(t, 7, b[h.Bound(len(h.Counts)-2).Seconds()])

	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	defer g.Close()
	config := netpoller.ListenConfig{Poller: g}
	c, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, _, err = c.ReadFrom(nil)
	require.Error(t, err)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(NewCollector("own", g))
	require.Eventually(t, func() bool { // the owner may have looked at the clock before the reactor
		families, err := r.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "netpoller_deadline_lag_seconds" {
				h := f.Metric[0].GetHistogram()
				return h.GetSampleCount() == 1 && h.GetSampleSum() > 0
			}
		}
		return false
	}, 20*time.Second, time.Millisecond)
}

// If this fails, an alert of the page can never fire: it puts metrics with different labels together,
// of which Prometheus matches none.
func TestAlertsMatch(t *testing.T) {
	page, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	labels := map[string]string{} // of each metric, but group and reactor
	for _, m := range metrics {
		if m.side != "" {
			labels[m.name] = "side"
		} else {
			labels[m.name] = ""
		}
	}
	alerts := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^`]+)`").FindAllStringSubmatch(string(page), -1)
	require.GreaterOrEqual(t, len(alerts), 7)
	for _, alert := range alerts {
		has := map[string]bool{}
		for _, name := range regexp.MustCompile(`netpoller_[a-z_]+`).FindAllString(alert[1], -1) {
			if label, known := labels[name]; known {
				has[label] = true
			}
		}
		require.Equal(t, len(has) > 1, strings.Contains(alert[1], "ignoring(side)"), alert[1])
	}
}

// If this fails, a mistake shows at the first scrape only.
func TestNilGroup(t *testing.T) {
	require.PanicsWithValue(t, "metrics.NewCollector: nil PollerGroup", func() { NewCollector("none", nil) })
}
