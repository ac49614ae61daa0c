//go:build linux

package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// Print writes a table for each scenario, a block of lines for each point, then what the columns mean.
func (rep *Report) Print(w io.Writer) {
	for _, b := range rep.blocks() {
		fmt.Fprintf(w, "\n%s\n", b.Title)
		b.printTable(w, b.columns(), b.cells)
		if b.counted() {
			b.printTable(w, callColumns(b.Unit), Row.callCells)
		}
	}
	if columns, lines := rep.atAGlance(); len(lines) > 0 {
		fmt.Fprint(w, "\nAt a glance\n\n")
		all := [][]string{columns}
		for _, line := range lines {
			var texts []string
			for _, c := range line {
				texts = append(texts, c.String())
			}
			all = append(all, texts)
		}
		printLines(w, all)
	}
	rep.printNotes(w)
}

// columns are the names of cells; the first is that of the line.
func (b block) columns() []string {
	columns := []string{""}
	for _, key := range b.Compared {
		columns = append(columns, measure.MetricByKey(key).TitleFor(b.Unit), "×"+servers.Baseline, "95 %", "")
	}
	return append(columns, b.otherColumns()...)
}

// otherColumns are those after the metrics that are compared.
func (b block) otherColumns() (columns []string) {
	if b.HasLoad() {
		columns = append(columns, "syscalls/"+measure.ShortUnit(b.Unit))
	}
	for _, key := range b.Others {
		columns = append(columns, measure.MetricByKey(key).TitleFor(b.Unit))
	}
	return columns
}

func (b block) cells(r Row) []string {
	var cells []string
	for _, key := range b.Compared {
		cells = append(cells, r.figure(key))
		cells = append(cells, r.ratio(key)...)
	}
	return append(cells, b.otherCells(r)...)
}

func (b block) otherCells(r Row) (cells []string) {
	if b.HasLoad() {
		cells = append(cells, r.callTotal())
	}
	for _, key := range b.Others {
		cells = append(cells, r.figure(key))
	}
	return cells
}

// figure is a median, or a dash if no run was valid.
func (r Row) figure(key string) string {
	f := r.Figures[key]
	if f.Rounds == 0 {
		return "-"
	}
	return measure.MetricByKey(key).Format(f.Median)
}

func callColumns(unit string) []string {
	columns := append([]string{"syscalls/" + measure.ShortUnit(unit)}, counting.Kinds()...)
	return append(columns, "other", "total")
}

func (b block) counted() bool {
	for _, r := range b.rows {
		if r.Calls != nil {
			return true
		}
	}
	return false
}

// printTable writes a heading for each point, and below it a line for each variant.
func (b block) printTable(w io.Writer, columns []string, cells func(Row) []string) {
	lines := [][]string{columns}
	for i, r := range b.rows {
		if i == 0 || r.Point != b.rows[i-1].Point {
			heading := make([]string, len(columns))
			heading[0] = r.Point.String()
			lines = append(lines, heading)
		}
		lines = append(lines, append([]string{"  " + r.title()}, cells(r)...))
	}
	fmt.Fprintln(w)
	printLines(w, lines)
}

// printLines aligns the first column to the left and the others to the right.
func printLines(w io.Writer, lines [][]string) {
	width := 0
	for _, cells := range lines {
		width = max(width, len([]rune(cells[0])))
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, cells := range lines {
		fmt.Fprintf(tw, "%-*s\t%s\t\n", width, cells[0], strings.Join(cells[1:], "\t"))
	}
	tw.Flush()
}

func (r Row) title() string {
	v, _ := servers.VariantByKey(r.Variant)
	return v.Title
}

// callCells are the columns of the table of system calls after the first.
func (r Row) callCells() []string {
	var cells []string
	for _, kind := range counting.Kinds() {
		cells = append(cells, r.callCell(kind))
	}
	return append(cells, r.callCell("other"), r.callTotal())
}

func (r Row) callTotal() string {
	if r.Calls == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", r.Calls.Total)
}

func (r Row) callCell(kind string) string {
	if r.Calls == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", r.Calls.ByKind[kind])
}

// ratio is three cells: the ratio to the baseline, its interval, and what that says. The baseline has no ratio to itself.
func (r Row) ratio(key string) []string {
	f, ok := r.Ratios[key]
	switch {
	case !ok || f.Rounds == 0:
		return []string{"-", "", ""}
	case r.Variant == servers.Baseline:
		return []string{"1", "", ""}
	}
	return []string{figures.TwoDigits(f.Median), f.Interval(), measure.MetricByKey(key).Verdict(f)}
}

func (rep *Report) printNotes(w io.Writer) {
	for _, s := range rep.Skipped {
		fmt.Fprintf(w, "\nNot measured: %s, %v: %s.\n", s.Scenario, s.Point, s.Reason)
	}
	fmt.Fprintln(w)
	for _, note := range rep.notes() {
		fmt.Fprintln(w, note)
	}
}

// notes say how the figures came about.
func (rep *Report) notes() []string {
	s := rep.Settings
	notes := []string{
		fmt.Sprintf("Over loopback, %s of %v, interleaved.", figures.Plural(s.Rounds, "round"), s.Duration),
		fmt.Sprintf("Medians; ×%s is the median of the ratios of runs of one round. %s", servers.Baseline, rep.intervalNote()),
		"CPU, syscalls and allocations are the server process's alone.",
		"Latency is closed-loop where no rate is named: a stall delays later requests too, without counting for them.",
		fmt.Sprintf("Syscalls: %s.", rep.CountedBy),
	}
	notes = append(notes, rep.openLoopNotes()...)
	if busiest := rep.clientBusiest(); busiest != "" {
		notes = append(notes,
			fmt.Sprintf("The client shares the machine and used up to %s of one core.", busiest),
			fmt.Sprintf("Everything else on the machine used %.0f %% of one core; the more, the less these figures say.",
				100*rep.othersBusy()))
	}
	return notes
}

// intervalNote says what the columns beside the ratios are, or why they are empty.
func (rep *Report) intervalNote() string {
	if rep.Settings.Rounds < figures.Fewest {
		return fmt.Sprintf("%s %s no 95 %% interval, so that no ratio here is a win or a loss: take %d rounds or more.",
			figures.Plural(rep.Settings.Rounds, "round"), map[bool]string{true: "has", false: "have"}[rep.Settings.Rounds == 1],
			figures.Fewest)
	}
	return `95 % is the bootstrap interval of that median. "better" or "worse" is said where it excludes 1, else "even".`
}

// openLoopNotes say how the rates were found and which runs were left out.
func (rep *Report) openLoopNotes() (notes []string) {
	for _, c := range rep.Calibrations {
		notes = append(notes, fmt.Sprintf("Open loop, %s: up to %s/s, %.0f %% of what %s did in a closed loop; there the client used "+
			"%.0f %% of a core and was %s µs late (99th percentile).", figures.Plural(c.Conns, "connection"), figures.Thousands(float64(c.Top)),
			100*float64(c.Top)/c.Closed, servers.Baseline, 100*c.ClientBusy, figures.Thousands(c.Late)))
	}
	for i, r := range rep.Summary {
		if r.Invalid == 0 {
			continue
		}
		last := len(notes) - 1
		if i > 0 && rep.Summary[i-1].Invalid > 0 && rep.Summary[i-1].Point == r.Point {
			notes[last] += fmt.Sprintf(", %d of %s", r.Invalid, r.Variant)
			continue
		}
		notes = append(notes, fmt.Sprintf("Invalid and left out of %s, %v (in the first, %s): %d of %s", r.Scenario, r.Point,
			r.InvalidReason, r.Invalid, r.Variant))
	}
	return notes
}

// othersBusy is the share of a core that went to neither client nor server in the median run.
func (rep *Report) othersBusy() float64 {
	var shares []float64
	for _, r := range rep.Runs {
		if r.PerSecond > 0 {
			shares = append(shares, r.OthersBusy)
		}
	}
	return figures.New(shares).Median
}

// clientBusiest lists, per scenario or within one per point, the largest median share of a core that the client took. Near
// 100 % the client, not the server, may bound the throughput; CPU per request stays comparable.
func (rep *Report) clientBusiest() string {
	blocks := rep.blocks()
	var names []string
	busiest := map[string]float64{}
	for _, b := range blocks {
		if !b.HasLoad() {
			continue
		}
		for _, r := range b.rows {
			name := b.Key
			if len(blocks) == 1 {
				name = r.Point.String()
			}
			if _, known := busiest[name]; !known {
				names = append(names, name)
			}
			busiest[name] = max(busiest[name], r.ClientBusy.Median)
		}
	}
	var shares []string
	for _, name := range names {
		shares = append(shares, fmt.Sprintf("%.0f %% (%s)", 100*busiest[name], name))
	}
	return strings.Join(shares, ", ")
}
