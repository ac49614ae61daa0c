//go:build linux

package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// plot shows a compared metric: for each point, a line for each variant with the ratio to the baseline, its interval and the
// range of its rounds, on one scale for all plots.
type plot struct {
	Title  string
	Groups []plotGroup
}

// plotGroup is a point.
type plotGroup struct {
	Name     string
	Baseline string // what the ratios are to
	Lines    []plotLine
}

// plotLine is a variant at a point.
type plotLine struct {
	Name, Value, Ratio, Interval, Verdict string

	Dot             mark
	Rounds, Certain *span // the range of the rounds, and the interval of the median, if there is one
}

// The scale is logarithmic, so that half and double lie equally far from 1. These are its ends: differences from net are
// mostly small, and one ratio of 20 must not press all others together.
const scaleLow, scaleHigh = 0.4, 2.5

// ticks are drawn as lines.
var ticks = []float64{0.5, 0.7, 1, 1.4, 2}

// place is where a ratio lies, in percent of the scale's width; beyond the ends, it lies on them.
func place(ratio float64) float64 {
	at := math.Log(min(max(ratio, scaleLow), scaleHigh)/scaleLow) / math.Log(scaleHigh/scaleLow)
	return math.Round(1e4*at) / 1e2
}

// mark is a place on the scale.
type mark struct {
	At      float64
	Clipped string // "low" or "high" if the ratio lies beyond that end
}

func newMark(ratio float64) mark {
	m := mark{At: place(ratio)}
	switch {
	case ratio < scaleLow:
		m.Clipped = "low"
	case ratio > scaleHigh:
		m.Clipped = "high"
	}
	return m
}

// span is a line on the scale. Below and Above are the numbers of the ends that lie beyond it.
type span struct {
	From, Width, To float64
	Below, Above    string
}

func newSpan(low, high float64) *span {
	s := &span{From: place(low), To: place(high)}
	s.Width = math.Round(1e2*(s.To-s.From)) / 1e2
	if low < scaleLow {
		s.Below = fmt.Sprintf("%.2g", low)
	}
	if high > scaleHigh {
		s.Above = fmt.Sprintf("%.3g", high)
	}
	return s
}

// tick is a line across the plots.
type tick struct {
	At    float64
	Label string
}

// Ticks are those of the scale that all plots share.
func (page) Ticks() (all []tick) {
	for _, v := range ticks {
		all = append(all, tick{place(v), fmt.Sprint(v)})
	}
	return all
}

// plots are one for each compared metric, and for each size if there are many.
func (b block) plots() (all []plot) {
	for _, key := range b.Compared {
		m := measure.MetricByKey(key)
		for _, part := range b.parts() {
			p := plot{Title: fmt.Sprintf("%s (%s)", m.TitleFor(b.Unit), m.Better)}
			if part.about != "" {
				p.Title = part.about + ": " + p.Title
			}
			for _, point := range part.points() {
				if g := b.plotGroup(part, point, m); len(g.Lines) > 0 {
					p.Groups = append(p.Groups, g)
				}
			}
			if len(p.Groups) > 0 {
				all = append(all, p)
			}
		}
	}
	return all
}

func (b block) plotGroup(p part, point string, m measure.Metric) plotGroup {
	g := plotGroup{Name: point}
	for _, v := range servers.Variants {
		for _, r := range p.rows {
			if r.Variant != v.Key || p.name(r.Point) != point {
				continue
			}
			if r.Variant == servers.Baseline {
				g.Baseline = r.figure(m.Key)
			} else if f := r.Ratios[m.Key]; f.Rounds > 0 {
				g.Lines = append(g.Lines, r.plotLine(m, f))
			}
		}
	}
	return g
}

func (r Row) plotLine(m measure.Metric, f figures.Ratio) plotLine {
	l := plotLine{
		Name: r.title(), Value: r.figure(m.Key), Ratio: figures.TwoDigits(f.Median), Interval: f.Interval(), Verdict: m.Verdict(f),
		Dot: newMark(f.Median), Rounds: newSpan(f.Min, f.Max),
	}
	if f.HasInterval() {
		l.Certain = newSpan(f.Low, f.High)
	}
	return l
}

// part is as many rows as make one plot.
type part struct {
	about string
	rows  []Row
}

// mostPoints is how many points a plot can show.
const mostPoints = 6

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
