package polldesc

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/a57b2d82/netpoller/internal/search"
)

// rowOf is the table of state.go: by method, and the state before.
var rowOf = map[string][4]string{
	"reset":    {idle: "O1 from idle", ready: "O1 from ready"},
	"consume":  {ready: "O2"},
	"announce": {idle: "O3"},
	"commit":   {wait: "O4"},
	"abort":    {idle: "O5 from idle", ready: "O5 from ready", wait: "O5 from wait"},
	"collect":  {idle: "O6 from idle", ready: "O6 from ready"},
	"edge":     {idle: "E1", ready: "E2", wait: "E3", parked: "E4"},
	"cancel":   {idle: "U1", ready: "U2", wait: "U3", parked: "U4"},
}

// rowsTaken counts the rows that schedules take.
type rowsTaken map[string]int

// step is told of the steps of some schedules.
func (rows rowsTaken) step(s search.Step) {
	if !strings.HasPrefix(s.Object, "word ") {
		return
	}
	callers := s.Callers()
	if len(callers) == 0 {
		return // a check
	}
	row := rowOf[callers[0]][s.Before]
	changes := s.Before != s.After || strings.HasPrefix(row, "O1") || strings.HasSuffix(row, "from idle")
	stays := row == "E2" || row == "U1" || row == "U2"
	if row != "" && (changes || stays) {
		rows[row]++
	}
}

// missing are the rows that were not taken.
func (rows rowsTaken) missing() (all []string) {
	for _, group := range rowOf {
		for _, row := range group {
			if row != "" && rows[row] == 0 {
				all = append(all, row)
			}
		}
	}
	return all
}

func (rows rowsTaken) String() string {
	var b strings.Builder
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "\n%-14s taken %6d times", row, rows[row])
	}
	return b.String()
}
