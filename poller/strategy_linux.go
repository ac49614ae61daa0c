package poller

import (
	"fmt"

	"github.com/a57b2d82/netpoller/polldesc"
)

// A strategy is how a reactor waits: nested or thread. The reactor goroutine calls sleep, and
// nothing else at the same time; close comes after it has ended.
type strategy interface {
	// sleep dispatches events as they come and returns when the deadlines need a look:
	// at next (timer.Never: at no time), or after a wake-up.
	sleep(p *Poller, next int64)

	// policy chooses where owners park, and tells l which of them it wakes. It is called once.
	policy(l *lag) polldesc.Policy

	// eventfds returns how many eventfds there are for owners to park on. Any goroutine may
	// call it.
	eventfds() int

	// close closes the epoll descriptor.
	close()
}

// newStrategy returns a strategy that owns epfd; if it fails, epfd is closed. If Nested is
// impossible, it returns a thread instead.
func newStrategy(s Strategy, epfd int) (strategy, error) {
	switch s {
	case Nested:
		return newNested(epfd)
	case Thread:
		return &thread{epfd: epfd}, nil
	}
	panic(fmt.Sprintf("poller: unknown strategy %d", s)) // NewGroup let it through
}
