//go:build linux

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// print writes a block of lines for each number of connections, then what the columns mean.
func (rep *report) print(w io.Writer) {
	columns := []string{"", "req/s", "", "×" + baseline, "CPU µs/req", "", "×" + baseline,
		"syscalls/req", "p50 µs", "p99 µs", "p99.9 µs", "allocs/req"}
	rep.printBlocks(w, columns, row.cells)
	if len(rep.Calls) > 0 {
		columns := []string{"syscalls/req"}
		for _, kind := range callKinds {
			columns = append(columns, kind.name)
		}
		rep.printBlocks(w, append(columns, "other", "total"), row.callCells)
	}
	rep.printNotes(w)
}

// printBlocks writes a table of right-aligned columns, the first excepted, with a heading per number of connections.
func (rep *report) printBlocks(w io.Writer, columns []string, cells func(row) []string) {
	width := len([]rune(columns[0]))
	for _, conns := range rep.Settings.Conns {
		width = max(width, len(plural(conns, "connection")))
	}
	for _, r := range rep.Summary {
		width = max(width, len(r.title())+2)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells []string) {
		cells[0] = fmt.Sprintf("%-*s", width, cells[0])
		fmt.Fprintln(tw, strings.Join(cells, "\t")+"\t")
	}
	fmt.Fprintln(w)
	line(columns)
	for i, r := range rep.Summary {
		if i == 0 || r.Conns != rep.Summary[i-1].Conns {
			heading := make([]string, len(columns))
			heading[0] = plural(r.Conns, "connection")
			line(heading)
		}
		line(append([]string{"  " + r.title()}, cells(r)...))
	}
	tw.Flush()
}

func (r row) title() string {
	v, _ := variantByKey(r.Variant)
	return v.title
}

// cells are the columns of the main table after the first.
func (r row) cells() []string {
	return []string{
		thousands(r.PerSecond.Median), plusMinus(r.PerSecond), ratio(r.PerSecondRatio),
		fmt.Sprintf("%.1f", r.CPU.Median), plusMinus(r.CPU), ratio(r.CPURatio),
		r.callTotal(),
		micros(r.P50), micros(r.P99), micros(r.P999),
		fmt.Sprintf("%.2f", r.Allocs.Median),
	}
}

// callCells are the columns of the table of system calls after the first.
func (r row) callCells() []string {
	var cells []string
	for _, kind := range callKinds {
		cells = append(cells, r.callCell(kind.name))
	}
	return append(cells, r.callCell("other"), r.callTotal())
}

func (r row) callTotal() string {
	if r.Calls == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", r.Calls.Total)
}

func (r row) callCell(kind string) string {
	if r.Calls == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", r.Calls.ByKind[kind])
}

func (rep *report) printNotes(w io.Writer) {
	s := rep.Settings
	fmt.Fprintf(w, `
Echo of %s over loopback TCP, one request in flight per connection, %s of %v, interleaved.
Medians; ± is half the range over the rounds. ×%s is the median of the rounds' ratios (req/s: more is better, CPU:
less). CPU, syscalls and allocations are the server process's alone. Latency is closed-loop: a stall delays later
requests too, without counting for them. Syscalls: %s.
The client shares the machine and used up to %s of one core.
Everything else on the machine used %.0f %% of one core; the more, the less these figures say.
`, plural(s.Size, "byte"), plural(s.Rounds, "round"), s.Duration, baseline, rep.CountedBy, rep.clientBusiest(),
		100*rep.othersBusy())
}

// othersBusy is the share of a core that went to neither client nor server in the median run.
func (rep *report) othersBusy() float64 {
	var shares []float64
	for _, r := range rep.Runs {
		shares = append(shares, r.OthersBusy)
	}
	return newFigure(shares).Median
}

// clientBusiest lists, per number of connections, the largest median share of a core that the client took. Near 100 % the
// client, not the server, may bound the throughput; CPU per request stays comparable.
func (rep *report) clientBusiest() string {
	var shares []string
	for _, conns := range rep.Settings.Conns {
		busiest := 0.0
		for _, r := range rep.Summary {
			if r.Conns == conns {
				busiest = max(busiest, r.ClientBusy.Median)
			}
		}
		shares = append(shares, fmt.Sprintf("%.0f %% (%s)", 100*busiest, plural(conns, "connection")))
	}
	return strings.Join(shares, ", ")
}

// plusMinus is empty after one round, which tells no spread.
func plusMinus(f figure) string {
	if f.Rounds < 2 {
		return ""
	}
	return fmt.Sprintf("±%.0f%%", 100*f.spread())
}

func micros(f figure) string { return thousands(f.Median) }

func ratio(f *figure) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", f.Median)
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(float64(n)) + " " + noun + "s"
}
