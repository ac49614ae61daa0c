//go:build linux

package pages

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// tables are by the names that pages have for them.
var tables = map[string]func(recordings) string{
	"machine":     recordings.machine,
	"connections": recordings.connections,
	"work":        recordings.work,
	"peers":       recordings.peers,
	"strategies":  recordings.strategies,
	"gomaxprocs":  recordings.gomaxprocs,
}

// overview is the recording that stands for the machine in general, and single the one for one connection, where rounds
// differ most and many are needed.
const (
	overview = "overview"
	single   = "one-connection"
)

// machine says where the tables come from.
func (all recordings) machine() string {
	rep := all[overview]
	if rep == nil {
		return "Nothing has been recorded yet.\n"
	}
	text := fmt.Sprintf("Recorded on %s: %v.\n", rep.Machine.Time.Format("2006-01-02"), rep.Machine)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if m := all[name].Machine; m.Commit != rep.Machine.Commit {
			text += fmt.Sprintf("The recording %s.json is of another run, on %s: %v.\n", name, m.Time.Format("2006-01-02"), m)
		}
	}
	return text
}

// ratio is a ratio to the baseline as a page shows it: bold where it is a loss, and "even" if the interval holds 1.
func ratio(r report.Row, key string) string {
	f, ok := r.Ratios[key]
	switch {
	case r.Variant == servers.Baseline:
		return "1"
	case !ok || f.Rounds == 0:
		return "-"
	case !f.HasInterval():
		return figures.TwoDigits(f.Median) + " (too few rounds)"
	}
	switch measure.MetricByKey(key).Verdict(f) {
	case measure.Even:
		return "even (" + f.Interval() + ")"
	case measure.Loss:
		return "**" + figures.TwoDigits(f.Median) + "** (" + f.Interval() + ")"
	}
	return figures.TwoDigits(f.Median) + " (" + f.Interval() + ")"
}

// latency is a figure in microseconds, as text.
func latency(r report.Row, key string) string {
	us := r.Figures[key].Median
	if us >= 1000 {
		return fmt.Sprintf("%.1f ms", us/1000)
	}
	return fmt.Sprintf("%.0f µs", us)
}

func calls(r report.Row) string {
	if r.Calls == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", r.Calls.Total)
}

// find returns the rows of a scenario, in the order of a recording.
func (all recordings) find(file, scenario string, want func(report.Row) bool) (rows []report.Row) {
	rep := all[file]
	if rep == nil {
		return nil
	}
	for _, r := range rep.Summary {
		if r.Scenario == scenario && want(r) {
			rows = append(rows, r)
		}
	}
	return rows
}

// echoes are the rows for some connections: for one, those of its own recording and from the overview only what that lacks.
func (all recordings) echoes(conns int) []report.Row {
	here := func(r report.Row) bool { return r.Conns == conns }
	rows := all.find(overview, "echo", here)
	if conns != 1 {
		return rows
	}
	for i, r := range rows {
		for _, better := range all.find(single, "echo", here) {
			if better.Variant == r.Variant {
				better.Calls = cmp.Or(better.Calls, r.Calls)
				rows[i] = better
			}
		}
	}
	return rows
}

// grid writes a table of Markdown. A cell of the first column that repeats the one above is left empty.
func grid(columns []string, lines [][]string) string {
	if len(lines) == 0 {
		return "Not recorded yet.\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	last := ""
	for _, line := range lines {
		first := line[0]
		if first == last {
			first = ""
		}
		last = line[0]
		fmt.Fprintf(&b, "| %s |\n", strings.Join(slices.Concat([]string{first}, line[1:]), " | "))
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |")
}

func title(r report.Row) string {
	v, _ := servers.VariantByKey(r.Variant)
	return v.Title
}

// connections is the overview in ratios. One processor is what a container of one gets, whatever the machine has.
func (all recordings) connections() string {
	var lines [][]string
	add := func(name string, rows []report.Row) {
		for _, r := range rows {
			lines = append(lines, []string{name, title(r), ratio(r, "per_second"), ratio(r, "cpu"), calls(r), latency(r, "p50"),
				latency(r, "p99")})
		}
	}
	add("1", all.echoes(1))
	add("1, with GOMAXPROCS=1", all.find("gomaxprocs-1", "echo", func(r report.Row) bool { return r.Conns == 1 }))
	add("64", all.echoes(64))
	add("1000", all.echoes(1000))
	return grid([]string{"connections", "", "requests/s", "CPU per request", "system calls per request", "p50", "p99"}, lines)
}

// line is one of the table of other work.
type line struct {
	file, scenario, about string
	metric                string // beside the CPU
}

var lines = []line{
	{"others", "deadline", "a deadline before each Read", "per_second"},
	{"others", "http", "`http.Server`, kept alive", "per_second"},
	{"others", "wake", "a request to an idle server, every millisecond", "p50"},
	{"others", "burn", "beside handlers that compute", "per_second"},
	{"others", "burn", "the same", "p99"},
	{"others", "neighbor", "beside one that computes, on an idle processor", "p99"},
	{"open", "open", "by the clock", "p50"},
	{"open", "open", "the same", "p99"},
	{"accept-dial", "accept", "accept and close", "per_second"},
	{"short", "oneshot", "a connection for each request", "per_second"},
	{"short", "oneshot-http", "the same, HTTP/1.0 and `http.Server`", "per_second"},
	{"short", "oneshot-https", "the same, over TLS", "per_second"},
	{"accept-dial", "dial", "dial and close", "per_second"},
	{"setdeadline", "setdeadline", "`SetReadDeadline`", "per_second"},
	{"others", "sendfile", "`sendfile`", "per_second"},
	{"others", "udp", "UDP, one socket for all clients", "per_second"},
}

// work has what the default strategy does in everything else.
func (all recordings) work() string {
	var table [][]string
	for _, l := range lines {
		m := measure.MetricByKey(l.metric)
		for _, r := range all.find(l.file, l.scenario, func(r report.Row) bool { return r.Variant == "nested" }) {
			name := l.about + ": " + strings.ReplaceAll(l.metric, "per_second", "rate")
			table = append(table, []string{name, at(r.Point), figureOrWhy(r, m.Key), ratio(r, "cpu")})
		}
	}
	return grid([]string{"work", "connections", "ratio", "CPU"}, table)
}

// figureOrWhy is a ratio, or why there is none.
func figureOrWhy(r report.Row, key string) string {
	if r.Figures[key].Rounds == 0 && r.InvalidReason != "" {
		return "no valid run: " + r.InvalidReason
	}
	return ratio(r, key)
}

// at is a point without what goes without saying.
func at(p servers.Point) string {
	if p.Size == 64 {
		p.Size = 0
	}
	p.Load = 0
	text := strings.ReplaceAll(p.String(), " connections", "")
	return strings.ReplaceAll(text, " connection", "")
}

// peers has other libraries, of which those that call back do less for a program.
func (all recordings) peers() string {
	var table [][]string
	for _, r := range all.find("peers", "echo", func(report.Row) bool { return true }) {
		table = append(table, []string{fmt.Sprint(r.Conns), title(r), ratio(r, "per_second"), ratio(r, "cpu"), latency(r, "p50"),
			latency(r, "p99")})
	}
	return grid([]string{"connections", "", "requests/s", "CPU per request", "p50", "p99"}, table)
}

// strategies is the overview in figures.
func (all recordings) strategies() string {
	var table [][]string
	for _, conns := range []int{1, 64, 1000} {
		for _, r := range all.echoes(conns) {
			if r.Variant == "raw" {
				continue
			}
			with := func(key string) string {
				return measure.MetricByKey(key).Format(r.Figures[key].Median) + ", " + ratio(r, key)
			}
			table = append(table, []string{fmt.Sprint(conns), title(r), with("per_second"), with("cpu"), calls(r), latency(r, "p99")})
		}
	}
	return grid([]string{"connections", "server", "requests/s", "CPU µs per request", "system calls per request", "p99"}, table)
}

// gomaxprocs has the same with other numbers of processors in the server.
func (all recordings) gomaxprocs() string {
	var table [][]string
	for _, n := range []string{"1", "4"} {
		for _, r := range all.find("gomaxprocs-"+n, "echo", func(r report.Row) bool { return r.Variant != servers.Baseline }) {
			table = append(table, []string{n, fmt.Sprint(r.Conns), title(r), ratio(r, "per_second"), ratio(r, "cpu")})
		}
	}
	return grid([]string{"GOMAXPROCS", "connections", "server", "requests/s", "CPU per request"}, table)
}
