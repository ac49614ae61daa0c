package polldesc

import (
	"slices"
	"testing"

	"github.com/a57b2d82/netpoller/internal/search"
)

var scenarios = slices.Concat(edges, deadlines, lives, ways)

// If this failed, some schedule would break a promise. The failure names it, and shows the
// schedule.
func TestScenarios(t *testing.T) { search.Scenarios(t, scenarios) }

// A row of the table that no schedule takes would be untested, or useless.
func TestRows(t *testing.T) {
	taken := rowsTaken{}
	if !search.Steps(t, scenarios, taken.step) {
		return
	}
	t.Log(taken)
	if missing := taken.missing(); len(missing) > 0 {
		t.Fatal("no schedule takes ", missing)
	}
}
