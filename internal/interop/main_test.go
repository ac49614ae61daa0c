//go:build linux

package interop

import (
	"os"
	"testing"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// TestMain runs the tests and then looks for what they left behind. The binary is also
// the client process of TestSoak.
func TestMain(m *testing.M) {
	if settings := os.Getenv(soakClientEnv); settings != "" {
		os.Exit(soakClientMain(settings))
	}
	os.Exit(ends.WithoutLeaks(m.Run))
}
