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
	open(net.Listen)
	for range runtime.GOMAXPROCS(0) { // each reactor's turn comes
		open(netpoller.Listen)
	}
	os.Exit(m.Run())
}

func open(listen func(network, address string) (net.Listener, error)) {
	l, err := listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	l.Close()
}
