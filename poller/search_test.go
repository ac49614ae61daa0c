//go:build linux

package poller

import (
	"testing"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// If this failed, some schedule of the real code, down to the system calls, would leave a
// goroutine or a reactor asleep forever, or have two reactors at work. The scenarios are in
// testdata/search.
func TestSearch(t *testing.T) { overlay.Poller.Search(t) }
