//go:build linux

package report

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"os"
	"strings"

	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// The report is one file that needs no network and no JavaScript.

//go:embed report.html
var pageText string

// page is what the template report.html shows.
type page struct {
	*Report
	Notes    []string
	Glance   table
	Sections []section
}

// section is a scenario in the report.
type section struct {
	Key, Title, Shows string
	Plots             []plot
	Tables            []table
}

// table has a first row of names; a row that has one cell only is a heading.
type table struct {
	Columns []string
	Rows    [][]cell
}

// cell is what a table shows in one place.
type cell struct {
	Text    string
	Small   string // below it
	Verdict string // gives it a colour
}

// String is the cell on one line.
func (c cell) String() string {
	return strings.Join(strings.Fields(c.Text+" "+c.Small+" "+c.Verdict), " ")
}

// SaveHTML writes the report as one page.
func (rep *Report) SaveHTML(name string) error {
	var out bytes.Buffer
	if err := rep.writeHTML(&out); err != nil {
		return err
	}
	return os.WriteFile(name, out.Bytes(), 0o644)
}

func (rep *Report) writeHTML(w io.Writer) error {
	t, err := template.New("report").Parse(pageText)
	if err != nil {
		return err
	}
	p := page{Report: rep, Notes: rep.notes()}
	p.Glance.Columns, p.Glance.Rows = rep.atAGlance()
	for _, b := range rep.blocks() {
		p.Sections = append(p.Sections, b.section())
	}
	return t.Execute(w, p)
}

func (b block) section() section {
	s := section{Key: b.Key, Title: b.Title, Shows: b.Shows, Plots: b.plots()}
	s.Tables = append(s.Tables, b.table(b.htmlColumns(), b.htmlCells))
	if b.counted() {
		s.Tables = append(s.Tables, b.table(callColumns(b.Unit), func(r Row) []cell { return plain(r.callCells()) }))
	}
	return s
}

func (b block) table(columns []string, cells func(Row) []cell) table {
	t := table{Columns: columns}
	for i, r := range b.rows {
		if i == 0 || r.Point != b.rows[i-1].Point {
			t.Rows = append(t.Rows, plain([]string{r.Point.String()}))
		}
		t.Rows = append(t.Rows, append(plain([]string{r.title()}), cells(r)...))
	}
	return t
}

// htmlColumns are those of the terminal, but a ratio and all that belongs to it have one together.
func (b block) htmlColumns() []string {
	columns := []string{""}
	for _, key := range b.Compared {
		columns = append(columns, measure.MetricByKey(key).TitleFor(b.Unit), "×"+servers.Baseline)
	}
	return append(columns, b.otherColumns()...)
}

func (b block) htmlCells(r Row) []cell {
	var cells []cell
	for _, key := range b.Compared {
		ratio := r.ratio(key)
		c := cell{Text: ratio[0], Verdict: ratio[2]}
		if f := r.Ratios[key]; r.Variant != servers.Baseline && f.Range() != "" {
			c.Small = "rounds " + f.Range()
		}
		cells = append(cells, cell{Text: r.figure(key)}, c)
	}
	return append(cells, plain(b.otherCells(r))...)
}

func plain(texts []string) (cells []cell) {
	for _, text := range texts {
		cells = append(cells, cell{Text: text})
	}
	return cells
}
