package listener

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/poller"
)

// A ListenConfig contains options for listening to an address. Listen uses the zero
// ListenConfig. Its methods, except SetMultipathTCP, may be called from several goroutines at
// once.
type ListenConfig struct {
	// Control, if not nil, is called with each new socket before it is bound. Its network
	// names the family, such as "tcp4" for "tcp".
	Control func(network, address string, c syscall.RawConn) error

	// KeepAlive is the time that an accepted connection is idle before the first keep-alive
	// probe. 0 means 15 s, and a negative value means no probes. It is ignored if
	// KeepAliveConfig.Enable is true.
	KeepAlive time.Duration

	// KeepAliveConfig is the configuration of keep-alive probes of accepted connections.
	KeepAliveConfig net.KeepAliveConfig

	// Backlog is the largest number of connections that wait to be accepted, see listen(2). 0
	// means the kernel's limit (somaxconn), as in package net. The kernel reduces a larger
	// value to its limit. Listen fails if the value is negative, and on other systems than
	// Linux, with errors.ErrUnsupported, if it is not 0.
	Backlog int

	// ReusePort sets SO_REUSEPORT, see socket(7): several listeners, of this process and
	// others, share one port, and the kernel distributes connections among them. On other
	// systems than Linux, Listen and ListenPacket fail with errors.ErrUnsupported if it is set.
	ReusePort bool

	// Poller is the group of reactors with which the listener and its connections are
	// registered. nil means poller.Default. It is ignored on other systems than Linux, which
	// have no reactors.
	Poller *poller.Group

	mptcp *bool // nil means package net's default
}

// MultipathTCP reports whether Listen uses Multipath TCP if the kernel has it. Such a listener
// also accepts plain TCP. The default is package net's: true, unless GODEBUG=multipathtcp
// disables it.
func (lc *ListenConfig) MultipathTCP() bool {
	if lc.mptcp != nil {
		return *lc.mptcp
	}
	return new(net.ListenConfig).MultipathTCP()
}

// SetMultipathTCP sets whether Listen uses Multipath TCP if the kernel has it.
func (lc *ListenConfig) SetMultipathTCP(use bool) { lc.mptcp = &use }

// Listen listens on a local address with the zero ListenConfig.
func Listen(network, address string) (net.Listener, error) {
	var lc ListenConfig
	return lc.Listen(context.Background(), network, address)
}

// ListenPacket returns a socket that receives packets on a local address, with the zero
// ListenConfig.
func ListenPacket(network, address string) (net.PacketConn, error) {
	var lc ListenConfig
	return lc.ListenPacket(context.Background(), network, address)
}
