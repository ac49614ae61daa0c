package netpoller

import "github.com/a57b2d82/netpoller/poller"

// What package net has no name for: see package poller. On systems without a reactor
// these names are there so that programs compile; a Group does nothing.
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
