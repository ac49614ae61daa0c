//go:build linux

package report

import (
	"fmt"

	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// atAGlance has a line for what each scenario is about, its first metric, at each of its points: the ratios to the
// baseline. A single scenario needs none.
func (rep *Report) atAGlance() (columns []string, lines [][]cell) {
	blocks := rep.blocks()
	if len(blocks) < 2 {
		return nil, nil
	}
	columns = []string{"ratio to " + servers.Baseline}
	for _, v := range servers.Variants {
		if v.Key != servers.Baseline {
			columns = append(columns, v.Title)
		}
	}
	for _, b := range blocks {
		for _, p := range b.parts() {
			for _, point := range p.points() {
				lines = append(lines, b.glance(p, point))
			}
		}
	}
	return columns, lines
}

// glance is one line. p names its points without what they have in common.
func (b block) glance(p part, point string) []cell {
	m := measure.MetricByKey(b.Compared[0])
	name := fmt.Sprintf("%s: %s", b.Title, point)
	if p.about != "" {
		name += ", " + p.about
	}
	line := []cell{{Text: fmt.Sprintf("%s (%s, %s)", name, m.TitleFor(b.Unit), m.Better)}}
	for _, v := range servers.Variants {
		if v.Key == servers.Baseline {
			continue
		}
		var c cell
		for _, r := range p.rows {
			if r.Variant == v.Key && p.name(r.Point) == point {
				ratio := r.ratio(b.Compared[0])
				c = cell{Text: ratio[0], Small: ratio[1], Verdict: ratio[2]}
			}
		}
		line = append(line, c)
	}
	return line
}
