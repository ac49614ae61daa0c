package both

import (
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/a57b2d82/netpoller"
)

// Main is a TestMain. It starts the reactors, Go's and ours, whose descriptors stay: some
// tests count descriptors, and must hold alone as well.
func Main(m *testing.M) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		err = l.Close()
	}
	for i := 0; err == nil && i < runtime.GOMAXPROCS(0); i++ { // each reactor's turn comes
		_, err = netpoller.DefaultPollerGroup().Pick()
	}
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
