//go:build linux

package report

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"html/template"
	"io"
	"os"
	"slices"
)

// The report is one file that needs no network: charts for a browser with JavaScript, and the same figures in tables.

//go:embed report.html
var pageText string

//go:embed report.js
var drawing string

// Apache ECharts 5.6.0, dist/echarts.min.js of its npm package. Its licence is beside it.
//
//go:embed echarts/echarts.min.js.gz
var echarts []byte

// page is what the template report.html shows.
type page struct {
	*Report
	Notes    []string
	Glance   table
	Sections []section
	Library  template.JS
	Drawing  template.JS
	Charts   []chart
}

// section is a scenario in the report.
type section struct {
	Key, Title, Shows string
	Charts            []chart
	Tables            []table
}

// table has a first row of names; a row that has one cell only is a heading.
type table struct {
	Columns []string
	Rows    [][]string
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
	unzipped, err := gzip.NewReader(bytes.NewReader(echarts))
	if err != nil {
		return err
	}
	library, err := io.ReadAll(unzipped)
	if err != nil {
		return err
	}
	t, err := template.New("report").Parse(pageText)
	if err != nil {
		return err
	}
	p := page{Report: rep, Notes: rep.notes(), Library: template.JS(library), Drawing: template.JS(drawing)}
	p.Glance.Columns, p.Glance.Rows = rep.atAGlance()
	for _, b := range rep.blocks() {
		s := b.section()
		p.Sections = append(p.Sections, s)
		p.Charts = append(p.Charts, s.Charts...)
	}
	return t.Execute(w, p)
}

func (b block) section() section {
	s := section{Key: b.Key, Title: b.Title, Shows: b.Shows, Charts: b.charts()}
	s.Tables = append(s.Tables, b.table(b.columns(), b.cells))
	if b.counted() {
		s.Tables = append(s.Tables, b.table(callColumns(b.Unit), Row.callCells))
	}
	return s
}

func (b block) table(columns []string, cells func(Row) []string) table {
	t := table{Columns: columns}
	for i, r := range b.rows {
		if i == 0 || r.Point != b.rows[i-1].Point {
			t.Rows = append(t.Rows, []string{r.Point.String()})
		}
		t.Rows = append(t.Rows, slices.Concat([]string{r.title()}, cells(r)))
	}
	return t
}
