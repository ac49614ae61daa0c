//go:build !linux

package netpoller

import (
	"net"
	"time"
)

// There is no reactor for this system yet: everything is package net's, so that a
// program with its import swapped compiles and runs here too.
type (
	TCPConn      = net.TCPConn
	TCPListener  = net.TCPListener
	ListenConfig = net.ListenConfig
	Dialer       = net.Dialer
)

// Listen is net.Listen.
func Listen(network, address string) (net.Listener, error) { return net.Listen(network, address) }

// ListenTCP is net.ListenTCP.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	return net.ListenTCP(network, laddr)
}

// Dial is net.Dial.
func Dial(network, address string) (net.Conn, error) { return net.Dial(network, address) }

// DialTimeout is net.DialTimeout.
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	return net.DialTimeout(network, address, timeout)
}

// DialTCP is net.DialTCP.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*TCPConn, error) {
	return net.DialTCP(network, laddr, raddr)
}
