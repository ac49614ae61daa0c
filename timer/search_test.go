package timer_test

import (
	"testing"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// If this failed, some schedule of the real code would forget a deadline, or tell its owner of
// another arming. The scenarios are in testdata/search.
func TestSearch(t *testing.T) { overlay.Timer.Search(t) }
