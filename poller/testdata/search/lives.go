package poller

import (
	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/polldesc"
)

// long is after every linger.
const long = 100 * int64(linger)

// The reactor that ends and starts.
var lives = []search.Scenario{
	{Name: "one registers, and the reactor ends", Notes: "life", Setup: func(r *search.Run) {
		w := newLife(r, 1)
		r.Go("user", w.user)
		r.Go("clock", w.clock)
		w.expect(1, nil)
		w.expectEnd()
	}},
	{Name: "one fails to register", Notes: "life", Setup: func(r *search.Run) {
		w := newLife(r, 1)
		w.FailAdd.Update(func(uint64) uint64 { return 1 })
		r.Go("user", w.user)
		r.Go("clock", w.clock)
		w.expect(0)
		w.expectEnd()
	}},
}

// A life is a world whose reactors have to end.
type lifeWorld struct {
	*world
	users int
	done  *search.Chan
}

func newLife(r *search.Run, users int) *lifeWorld {
	w := &lifeWorld{newWorld(r, WaitParked), users, search.MakeChan(9)}
	w.ReactorsEnd = true
	search.Name(w.done, "done", nil)
	return w
}

// user registers a socket that has data, hears of it and goes away.
func (w *lifeWorld) user() {
	fd := w.Socket(kernel.TCP, 1)
	w.Arrive(fd, 1, 0)
	if pd, err := w.p.Register(fd); err == nil {
		w.end(pd.Wait(polldesc.Read))
		w.unregister(fd, pd)
	} else {
		kernel.CloseFD(fd)
	}
	w.done.Send()
}

// clock moves on at any time, and at the end.
func (w *lifeWorld) clock() {
	w.Pass(long)
	for range w.users {
		w.done.Receive()
	}
	w.Pass(3 * long)
}

// expectEnd checks that no reactor runs, and that all is given back.
func (w *lifeWorld) expectEnd() {
	w.CheckClosed()
	w.run.Check(func() string {
		if w.p.life.running.Load() || w.p.cache.Open() > 0 {
			return "a reactor runs for nobody"
		}
		return ""
	})
}
