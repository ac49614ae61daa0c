package netpoller

import "github.com/a57b2d82/netpoller/poller"

// Package net has no names for these. On systems without a reactor they are there so that
// programs compile; a Group does nothing.
type (
	// Group is a set of reactors. See go doc github.com/a57b2d82/netpoller/poller Group.
	Group = poller.Group

	// Config says how many reactors a Group has, how they wait, and with MemoryMayFault
	// that buffers may lie in memory that faults. See go doc
	// github.com/a57b2d82/netpoller/poller Config.
	Config = poller.Config

	// Wait is how a reactor waits: WaitParked or WaitThread.
	Wait = poller.Wait

	// Stats are counters of a Group. See go doc github.com/a57b2d82/netpoller/poller Stats.
	Stats = poller.Stats
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
