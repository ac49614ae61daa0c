package fd

import (
	"slices"
	"testing"

	"github.com/a57b2d82/netpoller/internal/search"
)

var scenarios = slices.Concat(mutexes, registers, reads, writes, limits, contexts, notifications, groups, accepts, connects, raws)

// If this failed, some schedule would break a promise. The failure names it, and shows the
// schedule.
func TestScenarios(t *testing.T) { search.Scenarios(t, scenarios) }
