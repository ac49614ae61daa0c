// Package metrics has the statistics of netpoller's reactors in the form of Prometheus:
//
//	prometheus.MustRegister(metrics.NewCollector("default", netpoller.DefaultPollerGroup()))
//
// The page docs/metrics.md says what each metric means, and which deserve an alert. The file
// dashboard.json is a dashboard for Grafana.
//
// Where it stands: above the root package, in a module of its own, because only it needs the
// client library of Prometheus. A program without Prometheus publishes
// netpoller.DefaultPollerGroup().Stats() by package expvar.
package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/a57b2d82/netpoller"
)

// A metric is one of a reactor.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	side       string // label, or ""
	value      func(s netpoller.PollerStats) float64
}

var metrics = []metric{
	{"netpoller_polls_total", "Batches of events taken from epoll, empty ones included.", prometheus.CounterValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Waits) }},
	{"netpoller_events_total", "Events that epoll reported.", prometheus.CounterValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Events) }},
	{"netpoller_stale_events_total", "Events for a descriptor that was closed meanwhile.", prometheus.CounterValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Stale) }},
	{"netpoller_wakeups_total", "Goroutines woken, and notifications started, by an event.", prometheus.CounterValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Wakeups) }},
	{"netpoller_deadlines_armed_total", "Deadlines put into the heap or moved there.", prometheus.CounterValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.TimersArmed) }},
	{"netpoller_deadlines_due_total", "Deadlines that came due in the heap, stale ones included.", prometheus.CounterValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.TimersFired) }},
	{"netpoller_deadlines", "Deadlines in the heap.", prometheus.GaugeValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Timers) }},
	{"netpoller_descriptors", "Open sockets.", prometheus.GaugeValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Open) }},
	{"netpoller_eventfds", "Eventfds on which goroutines park.", prometheus.GaugeValue, "",
		func(s netpoller.PollerStats) float64 { return float64(s.Eventfds) }},
	{"netpoller_waiting", "Sides of sockets on which a goroutine or a notification waits.", prometheus.GaugeValue, "read",
		func(s netpoller.PollerStats) float64 { return float64(s.ParkedReaders) }},
	{"netpoller_waiting", "Sides of sockets on which a goroutine or a notification waits.", prometheus.GaugeValue, "write",
		func(s netpoller.PollerStats) float64 { return float64(s.ParkedWriters) }},
}

// A histogram is one of a reactor.
type histogram struct {
	name, help string
	value      func(s netpoller.PollerStats) netpoller.PollerHistogram
}

var histograms = []histogram{
	{"netpoller_wakeup_lag_seconds", "From an event's arrival until the goroutine that it woke ran: one wake-up in 61.",
		func(s netpoller.PollerStats) netpoller.PollerHistogram { return s.WakeLag }},
	{"netpoller_deadline_lag_seconds", "How late deadlines fired: of those that fired together, the earliest.",
		func(s netpoller.PollerStats) netpoller.PollerHistogram { return s.TimerLag }},
}

// A collector implements prometheus.Collector.
type collector struct {
	group      *netpoller.PollerGroup
	metrics    []*prometheus.Desc
	histograms []*prometheus.Desc
}

// NewCollector returns a collector of the statistics of g. Each metric has the label group with
// the given name, so that several groups can be registered, and the label reactor with the number
// that the reactor has in package trace and on the page of package debug. On systems other than Linux there are no reactors, and no metrics.
//
// To collect looks at every open socket of the group: a millisecond for 100,000 of them.
func NewCollector(name string, g *netpoller.PollerGroup) prometheus.Collector {
	if g == nil {
		panic("metrics.NewCollector: nil PollerGroup")
	}
	c := &collector{group: g}
	for _, m := range metrics {
		labels := prometheus.Labels{"group": name}
		if m.side != "" {
			labels["side"] = m.side
		}
		c.metrics = append(c.metrics, prometheus.NewDesc(m.name, m.help, []string{"reactor"}, labels))
	}
	for _, h := range histograms {
		labels := prometheus.Labels{"group": name}
		c.histograms = append(c.histograms, prometheus.NewDesc(h.name, h.help, []string{"reactor"}, labels))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.metrics {
		descs <- d
	}
	for _, d := range c.histograms {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.group.Reactors(func(number int, stats netpoller.PollerStats) {
		if number == 0 {
			return // it was not made yet
		}
		reactor := strconv.Itoa(number)
		for j, m := range metrics {
			to <- prometheus.MustNewConstMetric(c.metrics[j], m.kind, m.value(stats), reactor)
		}
		for j, h := range histograms {
			v := h.value(stats)
			to <- prometheus.MustNewConstHistogram(c.histograms[j], v.Count(), v.Sum.Seconds(), buckets(v), reactor)
		}
	})
}

// buckets returns how many durations did not exceed each bound, in seconds, as Prometheus has it.
// The last bound, infinity, is left out: the count of all is beside it.
func buckets(h netpoller.PollerHistogram) map[float64]uint64 {
	buckets, n := map[float64]uint64{}, uint64(0)
	for i, c := range h.Counts[:len(h.Counts)-1] {
		n += c
		buckets[h.Bound(i).Seconds()] = n
	}
	return buckets
}
