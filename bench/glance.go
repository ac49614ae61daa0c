//go:build linux

package main

import "fmt"

// atAGlance has a line for what each scenario is about, its first metric, at each of its points: the ratios to the
// baseline. A single scenario needs none.
func (rep *report) atAGlance() (columns []string, lines [][]string) {
	blocks := rep.blocks()
	if len(blocks) < 2 {
		return nil, nil
	}
	columns = []string{"ratio to " + baseline}
	for _, v := range variants {
		if v.key != baseline {
			columns = append(columns, v.title)
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
func (b block) glance(p part, point string) []string {
	m := metricByKey(b.compared[0])
	name := fmt.Sprintf("%s: %s", b.title, point)
	if p.about != "" {
		name += ", " + p.about
	}
	line := []string{fmt.Sprintf("%s (%s, %s)", name, m.titleFor(b.scenario), m.better)}
	for _, v := range variants {
		if v.key == baseline {
			continue
		}
		cell := ""
		for _, r := range p.rows {
			if r.Variant == v.key && p.name(r.point) == point {
				cell = r.ratio(b.compared[0])
			}
		}
		line = append(line, cell)
	}
	return line
}
