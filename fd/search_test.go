//go:build linux

package fd

import (
	"testing"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// If this failed, some schedule of the real code, down to the system calls, would leave an
// operation asleep forever, have it fail for no reason, or do more system calls than it needs.
// The scenarios are in testdata/search.
func TestSearch(t *testing.T) { overlay.FD.Search(t) }
