package netpoller

import "net"

// What is package net's own here: its interfaces, addresses and errors are ours too.
type (
	Addr            = net.Addr
	AddrError       = net.AddrError
	Conn            = net.Conn
	DNSError        = net.DNSError
	Error           = net.Error
	IP              = net.IP
	KeepAliveConfig = net.KeepAliveConfig
	Listener        = net.Listener
	OpError         = net.OpError
	Resolver        = net.Resolver
	TCPAddr         = net.TCPAddr

	UnknownNetworkError = net.UnknownNetworkError
)

// ErrClosed is what operations on a closed connection or listener fail with.
var ErrClosed = net.ErrClosed

// DefaultResolver resolves names where no other resolver is named.
var DefaultResolver = net.DefaultResolver
