//go:build linux

package scenarios

import "github.com/a57b2d82/netpoller/bench/servers"

// Override puts the wanted numbers of connections, sizes, or both in the place of a scenario's own.
func Override(points []servers.Point, conns, sizes []int) []servers.Point {
	replace := func(set func(*servers.Point) *int, wanted []int) {
		if len(wanted) == 0 {
			return
		}
		var changed []servers.Point
		seen := map[servers.Point]bool{}
		for _, p := range points {
			for _, n := range wanted {
				if *set(&p) != 0 {
					*set(&p) = n
				}
				if !seen[p] {
					seen[p] = true
					changed = append(changed, p)
				}
			}
		}
		points = changed
	}
	replace(func(p *servers.Point) *int { return &p.Conns }, conns)
	replace(func(p *servers.Point) *int { return &p.Size }, sizes)
	return points
}
