package netpoller

import (
	"net"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/poller"
)

// Package net has none of the names in this file. On other systems than Linux a PollerGroup has
// no reactors, and ListenConfig and Dialer ignore their field Poller.
type (
	// PollerGroup is a set of reactors: [poller.Group]. A program needs [poller.Group.Close]
	// and [poller.Group.Stats] or [poller.Group.PollerStats]; [poller.Group.Config],
	// [poller.Group.Pick], [poller.Group.Register], [poller.Group.Looks] and
	// [poller.Group.Reactors] are for other packages of this module.
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

	// A PollerHistogram is among PollerStats: [poller.Histogram]. Its methods:
	// [poller.Histogram.Bound], [poller.Histogram.Count], [poller.Histogram.Quantile].
	PollerHistogram = poller.Histogram
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

// An IdleServer serves connections whose peers are mostly silent, without a goroutine and without
// a buffer for those that wait, however they are wrapped: [conn.IdleServer]. Its method:
// [conn.IdleServer.Add].
type IdleServer = conn.IdleServer

// A Message is a packet of [conn.UDPConn.ReadBatch] and [conn.UDPConn.WriteBatch], as in package
// golang.org/x/net/ipv4. See [conn.Message].
type Message = conn.Message
