package polldesc_test

import (
	"testing"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// If this failed, some schedule of the real code would leave a goroutine asleep forever, wake
// the wrong one, or tell it of an error that is not there. The scenarios are in
// testdata/search.
func TestSearch(t *testing.T) { overlay.Polldesc.Search(t) }
