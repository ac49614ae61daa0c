//go:build linux

package main

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
	"github.com/a57b2d82/netpoller/timer"
)

// sections are how long the parts take, in nanoseconds, that goroutines do one after the other: under a mutex, or on a
// cache line. Each is measured without a rival, together with what surrounds it, so that the part is no longer than this.
type sections struct {
	Register float64 `json:"register_ns"` // epoll_ctl on a nested instance holds a mutex of the whole machine
	Slot     float64 `json:"slot_ns"`     // taking a slot and giving it back locks polldesc.Cache's mu twice
	Arm      float64 `json:"arm_ns"`      // arming a deadline writes the line that a reactor's deadlines share
}

// sectionTime is long beside a look at the clock.
const sectionTime = 20 * time.Millisecond

// measureSections takes the median of some rounds.
func measureSections(rounds int) (sections, error) {
	g := poller.NewGroup(poller.Config{Pollers: 1})
	defer g.Close()
	var register, slot, arm []float64
	for range rounds {
		ns, err := timeRegister(g)
		if err != nil {
			return sections{}, err
		}
		register, slot, arm = append(register, ns), append(slot, timeSlot()), append(arm, timeArm())
	}
	return sections{figures.New(register).Median, figures.New(slot).Median, figures.New(arm).Median}, nil
}

// timeRegister does not count the time of Unregister.
func timeRegister(g *poller.Group) (float64, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if _, pd, err := g.Register(pair[1]); err != nil { // so that the reactor does not become idle
		return 0, err
	} else if p, err := g.Pick(); err == nil {
		defer func() { pd.Evict(); p.Unregister(pair[1]); p.Free(pd) }()
	}
	var spent time.Duration
	n := 0
	for ; spent < sectionTime; n++ {
		start := time.Now()
		p, pd, err := g.Register(pair[0])
		spent += time.Since(start)
		if err != nil {
			return 0, err
		}
		pd.Evict()
		p.Unregister(pair[0])
		p.Free(pd)
	}
	return float64(spent) / float64(n), nil
}

func timeSlot() float64 {
	c := polldesc.NewCache(timer.New(func() {}), polldesc.Env{
		Now: func() int64 { return 0 }, NewChannel: func() chan struct{} { return make(chan struct{}, 1) },
	})
	return timeOf(func(int) {
		pd := c.Alloc()
		pd.Evict()
		c.Free(pd)
	})
}

// timeArm arms each deadline earlier than all others, which is what writes most.
func timeArm() float64 {
	h := timer.New(func() {})
	entries := make([]timer.Entry, 64)
	for i := range entries {
		entries[i].Owner = nobody{}
	}
	return timeOf(func(i int) {
		h.Arm(&entries[i%len(entries)], 1<<40-int64(i))
	})
}

type nobody struct{}

func (nobody) Due(uint64, int64) {}

func timeOf(f func(i int)) (nanoseconds float64) {
	const batch = 1000
	n, start := 0, time.Now()
	for time.Since(start) < sectionTime {
		for range batch {
			f(n)
			n++
		}
	}
	return float64(time.Since(start)) / float64(n)
}
