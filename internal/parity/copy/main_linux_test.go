package copy

import (
	"testing"

	"github.com/a57b2d82/netpoller/internal/parity/both"
)

func TestMain(m *testing.M) { both.Main(m) }
