package poller

import (
	"os"
	"runtime"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/timer"
)

// thread is the strategy Thread: the reactor's thread blocks in the kernel.
type thread struct {
	epfd    int
	file    *os.File // that owns epfd, if one does
	yielder yielder
	events  [maxEvents]sys.EpollEvent
}

// sleep blocks only after it has found nothing and let other goroutines run: a call that
// blocks gives up the P, and winning one back is what costs.
func (w *thread) sleep(p *Poller, next int64) {
	n := sys.EpollPoll(w.epfd, w.events[:])
	if n == 0 {
		runtime.Gosched() // DOC: gosched
		timeout := time.Duration(-1)
		if next != timer.Never {
			timeout = max(0, time.Duration(next-clock.Now()))
		}
		n = sys.EpollWait(w.epfd, w.events[:], timeout)
	}
	p.waits.Add(1)
	p.dispatch(w.events[:n], p.lag.arrival(n))
	if n == len(w.events) {
		w.yielder.yield()
	}
}

// policy is that of channels alone. The thread blocks in the kernel after it has unparked
// owners, so no processor would poll for an eventfd on its behalf.
func (w *thread) policy(l *lag) polldesc.Policy { return plain{l} }

func (w *thread) eventfds() int { return 0 }

func (w *thread) close() {
	if w.file != nil {
		w.file.Close()
		return
	}
	sys.CloseFD(w.epfd)
}
