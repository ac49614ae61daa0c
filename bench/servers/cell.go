package servers

import (
	"fmt"
	"strings"
	"time"

	"github.com/a57b2d82/netpoller/bench/figures"
)

// Point is one setting of a scenario; fields that say nothing in it are zero.
type Point struct {
	Conns   int           `json:"conns,omitempty"`
	Size    int           `json:"size,omitempty"` // bytes of a request and of its reply, or of a write
	Op      string        `json:"op,omitempty"`
	Burners int           `json:"burners,omitempty"` // connections whose handlers burn CPU
	Burn    time.Duration `json:"burn_ns,omitempty"`
	Load    int           `json:"load_percent,omitempty"` // of the highest rate of the open loop on this machine
	Rate    int           `json:"rate,omitempty"`         // which is so many requests a second

	Procs    int `json:"procs,omitempty"`    // GOMAXPROCS of the subject
	Reactors int `json:"reactors,omitempty"` // of netpoller
}

func (p Point) String() string {
	var parts []string
	if p.Op != "" {
		parts = append(parts, p.Op)
	}
	if p.Conns > 0 {
		parts = append(parts, figures.Plural(p.Conns, "connection"))
	}
	if p.Size > 0 {
		parts = append(parts, figures.ByteSize(p.Size))
	}
	if p.Burners > 0 {
		parts = append(parts, fmt.Sprintf("%d burning %v a request", p.Burners, p.Burn))
	}
	if p.Load > 0 {
		parts = append(parts, fmt.Sprintf("%d %% load", p.Load))
	}
	if p.Rate > 0 {
		parts = append(parts, figures.Thousands(float64(p.Rate))+"/s")
	}
	if p.Procs > 0 {
		parts = append(parts, figures.Plural(p.Procs, "processor"))
	}
	if p.Reactors > 0 {
		parts = append(parts, figures.Plural(p.Reactors, "reactor"))
	}
	return strings.Join(parts, ", ")
}

// Cell is one square of a table: a variant at a point of a scenario.
type Cell struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Point
}

func (c Cell) String() string {
	return fmt.Sprintf("%s, %v, %s", c.Scenario, c.Point, c.Variant)
}
