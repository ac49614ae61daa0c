//go:build linux

package servers

import (
	"context"
	"net"
	"time"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/trace"
)

// Variant is one way to do the work.
type Variant struct {
	Key   string // in flags, JSON and the subject's environment
	Title string // in tables
	// sockets makes sockets of package net's kind; nil where there are none.
	sockets func() sockets
}

// A Starter begins work in the process that is measured, with a variant's sockets.
type Starter func(v Variant, p Point) (Subject, error)

// Subject is work that has begun.
type Subject struct {
	Addr string // where it listens, if it does
	// Work is set in a subject that needs no load from outside: it works for d, with the help of what listens at peer,
	// and counts.
	Work func(d time.Duration, peer string) (int, error)
}

// sockets are what a package offers. The work is done by the same code for all that have them, so that nothing but the
// package differs.
type sockets struct {
	listen       func(network, addr string) (net.Listener, error)
	listenPacket func(network, addr string) (net.PacketConn, error)
	dial         func(network, addr string) (net.Conn, error)
	limitReads   func(c net.Conn, d time.Duration) net.Conn
}

// Variants are all of them, in the order in which tables show them.
var Variants = []Variant{
	{"net", "net", netSockets},
	{"nested", "netpoller nested", func() sockets { return netpollerSockets(netpoller.PollerConfig{Strategy: netpoller.PollerNested}) }},
	{"thread", "netpoller thread", func() sockets { return netpollerSockets(netpoller.PollerConfig{Strategy: netpoller.PollerThread}) }},
	{"traced", "netpoller nested, traced", tracedSockets},
	{"cloudwego", "cloudwego/netpoll", nil},
	{"gnet1", "gnet, one loop", nil},
	{"gnet", "gnet, many loops", nil},
	{"nbio", "nbio", nil},
	{"raw", "raw epoll", nil},
}

// HasSockets reports whether the variant has sockets of package net's kind.
func (v Variant) HasSockets() bool { return v.sockets != nil }

// Baseline is the variant the others are compared with.
const Baseline = "net"

// VariantByKey finds the variant with a key.
func VariantByKey(key string) (Variant, bool) {
	for _, v := range Variants {
		if v.Key == key {
			return v, true
		}
	}
	return Variant{}, false
}

// VariantKeys are the keys of all variants.
func VariantKeys() []string {
	var keys []string
	for _, v := range Variants {
		keys = append(keys, v.Key)
	}
	return keys
}

func netSockets() sockets {
	return sockets{
		listen:       net.Listen,
		listenPacket: net.ListenPacket,
		dial:         net.Dial,
		limitReads:   func(c net.Conn, d time.Duration) net.Conn { return limitedConn{c, d} },
	}
}

// limitedConn is how a limit for each Read is written with package net.
type limitedConn struct {
	net.Conn
	limit time.Duration
}

func (c limitedConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// NetpollerWith is the default variant with so many reactors, which all of its sockets share.
func NetpollerWith(reactors int) Variant {
	s := netpollerSockets(netpoller.PollerConfig{Pollers: reactors})
	return Variant{"nested", "netpoller, " + figures.Plural(reactors, "reactor"), func() sockets { return s }}
}

// tracedSockets are those of the default, with events recorded as long as the process runs.
func tracedSockets() sockets {
	_, _ = trace.Start(trace.Config{}) // fails if it records already
	return netpollerSockets(netpoller.PollerConfig{Strategy: netpoller.PollerNested})
}

func netpollerSockets(config netpoller.PollerConfig) sockets {
	group := netpoller.NewPollerGroup(config)
	lc := netpoller.ListenConfig{Poller: group}
	d := netpoller.Dialer{Poller: group}
	return sockets{
		listen: func(network, addr string) (net.Listener, error) {
			return lc.Listen(context.Background(), network, addr)
		},
		listenPacket: func(network, addr string) (net.PacketConn, error) {
			return lc.ListenPacket(context.Background(), network, addr)
		},
		dial: d.Dial,
		limitReads: func(c net.Conn, d time.Duration) net.Conn {
			return netpoller.WithTimeout(c, d, 0)
		},
	}
}
