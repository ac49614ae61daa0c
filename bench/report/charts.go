//go:build linux

package report

import (
	"fmt"
	"slices"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// chart is bars: a group for each point, a bar for each variant, and on it a line from the least to the greatest value.
// The axis of values begins at zero, in all of them.
type chart struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Points []string `json:"points"`
	Bars   []bars   `json:"bars"`
	Even   bool     `json:"even"` // draw a line at 1, where a variant does as well as the baseline
}

// bars are those of one variant; a point that it was not measured at is nil.
type bars struct {
	Variant string            `json:"variant"`
	Title   string            `json:"title"`
	Values  []*figures.Figure `json:"values"`
}

// mostPoints is how many points a chart can show side by side.
const mostPoints = 6

// charts are two for each compared metric: the ratios to the baseline, in which all points have one scale and a loss is as
// large as a win, and the values themselves.
func (b block) charts() []chart {
	var all []chart
	for _, key := range b.Compared {
		m := measure.MetricByKey(key)
		for i, part := range b.parts() {
			about := m.TitleFor(b.Unit)
			if part.about != "" {
				about = part.about + ": " + about
			}
			id := fmt.Sprintf("%s-%s-%d", b.Key, key, i)
			if ratios := part.bars(func(r Row) (figures.Figure, bool) { f, ok := r.Ratios[key]; return f.Figure, ok }); len(ratios) > 0 {
				title := fmt.Sprintf("%s, ratio to %s (%s)", about, servers.Baseline, m.Better)
				all = append(all, chart{id + "-ratio", title, part.points(), ratios, true})
			}
			values := part.bars(func(r Row) (figures.Figure, bool) { f, ok := r.Figures[key]; return f, ok })
			all = append(all, chart{id, fmt.Sprintf("%s (%s)", about, m.Better), part.points(), values, false})
		}
	}
	return all
}

// part is as many rows as make one chart.
type part struct {
	about string
	rows  []Row
}

// parts splits many points by their size. A size that all have is named once, for the whole.
func (b block) parts() []part {
	whole := part{rows: b.rows}
	points := whole.points()
	var all []part
	for _, r := range b.rows {
		about := figures.ByteSize(r.Size)
		i := slices.IndexFunc(all, func(p part) bool { return p.about == about })
		if i < 0 {
			i = len(all)
			all = append(all, part{about: about})
		}
		all[i].rows = append(all[i].rows, r)
	}
	if len(points) > mostPoints || len(points) > 1 && len(all) == 1 && b.rows[0].Size > 0 {
		return all
	}
	return []part{whole}
}

// points names the points, without the size that all have in common if the part has a name.
func (p part) points() []string {
	var names []string
	for _, r := range p.rows {
		if name := p.name(r.Point); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (p part) name(at servers.Point) string {
	if p.about != "" {
		at.Size = 0
	}
	return at.String()
}

func (p part) bars(value func(Row) (figures.Figure, bool)) []bars {
	points := p.points()
	var all []bars
	for _, v := range servers.Variants {
		one := bars{Variant: v.Key, Title: v.Title, Values: make([]*figures.Figure, len(points))}
		found := false
		for _, r := range p.rows {
			if f, ok := value(r); ok && r.Variant == v.Key && f.Rounds > 0 {
				one.Values[slices.Index(points, p.name(r.Point))] = &f
				found = true
			}
		}
		if found {
			all = append(all, one)
		}
	}
	return all
}
