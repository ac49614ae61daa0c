package netpoller

import (
	"net"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/poller"
)

// Package net has none of the names in this file. On other systems than Linux a PollerGroup
// does nothing, and ListenConfig and Dialer have no field Poller: set it in a file for Linux only.
type (
	// PollerGroup is a set of reactors: [poller.Group]. A program needs [poller.Group.Close]
	// and [poller.Group.Stats]; [poller.Group.Config], [poller.Group.Pick] and
	// [poller.Group.Register] are for the packages between.
	PollerGroup = poller.Group

	// PollerConfig says how many reactors a PollerGroup has, how they wait, and with
	// [poller.Config.MemoryMayFault] that buffers may lie in memory that faults:
	// [poller.Config].
	PollerConfig = poller.Config

	// PollerStrategy is how a reactor waits: PollerNested or PollerThread. See
	// [poller.Strategy].
	PollerStrategy = poller.Strategy

	// PollerStats are counters of a PollerGroup: [poller.Stats].
	PollerStats = poller.Stats
)

const (
	// PollerNested, the default, parks the reactor in Go's own poller. See [poller.Nested].
	PollerNested = poller.Nested

	// PollerThread blocks a thread in epoll_pwait2(2). See [poller.Thread].
	PollerThread = poller.Thread
)

// NewPollerGroup returns a group of reactors of one's own, for ListenConfig.Poller and
// Dialer.Poller. See [poller.NewGroup].
func NewPollerGroup(c PollerConfig) *PollerGroup { return poller.NewGroup(c) }

// DefaultPollerGroup returns the group of reactors that is used where none is named.
func DefaultPollerGroup() *PollerGroup { return poller.Default() }

// A TimeoutConn is a connection on which every Read and every Write has a time limit of
// its own: [conn.TimeoutConn]. It has the methods of [net.Conn] and, for the connection that
// it limits, [conn.TimeoutConn.NetConn], [conn.TimeoutConn.CloseRead],
// [conn.TimeoutConn.CloseWrite], [conn.TimeoutConn.ReadFrom], [conn.TimeoutConn.WriteTo] and
// [conn.TimeoutConn.SyscallConn].
type TimeoutConn = conn.TimeoutConn

// WithTimeout returns c with its Reads and Writes limited: each fails, with an error that is
// os.ErrDeadlineExceeded, when it has made no progress for so long. 0 or less means no limit.
// It takes any net.Conn; on a connection of this package a limit costs nothing until an
// operation has to wait. See [conn.WithTimeout].
func WithTimeout(c net.Conn, read, write time.Duration) *TimeoutConn {
	return conn.WithTimeout(c, read, write)
}

// A Message is a packet of [conn.UDPConn.ReadBatch] and [conn.UDPConn.WriteBatch], as in package
// golang.org/x/net/ipv4. See [conn.Message]. On systems other than Linux, where UDPConn is
// package net's, it is there and nothing reads or writes it.
type Message = conn.Message
