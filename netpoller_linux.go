package netpoller

import (
	"net"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/listener"
	"github.com/a57b2d82/netpoller/poller"
)

// Our own types, under the names that package net has for them.
type (
	TCPConn      = conn.TCPConn
	TCPListener  = listener.TCPListener
	ListenConfig = listener.ListenConfig
	Dialer       = dialer.Dialer
)

// What package net has no name for: see package poller.
type (
	Group  = poller.Group
	Config = poller.Config
	Wait   = poller.Wait
	Stats  = poller.Stats
)

const (
	WaitParked = poller.WaitParked
	WaitThread = poller.WaitThread
)

// NewGroup returns a group of reactors of one's own, for ListenConfig.Poller and
// Dialer.Poller. See poller.NewGroup.
func NewGroup(c Config) *Group { return poller.NewGroup(c) }

// DefaultGroup returns the group of reactors that is used where none is named.
func DefaultGroup() *Group { return poller.Default() }

// Listen announces on a local address. See ListenConfig.Listen.
func Listen(network, address string) (net.Listener, error) { return listener.Listen(network, address) }

// ListenTCP announces on a TCP address. See listener.ListenTCP.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	return listener.ListenTCP(network, laddr)
}

// Dial connects to an address. See Dialer.DialContext.
func Dial(network, address string) (net.Conn, error) { return dialer.Dial(network, address) }

// DialTimeout is Dial with a timeout. See Dialer.Timeout.
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	return dialer.DialTimeout(network, address, timeout)
}

// DialTCP connects to a TCP address. See dialer.DialTCP.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*TCPConn, error) {
	return dialer.DialTCP(network, laddr, raddr)
}
