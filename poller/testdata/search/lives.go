package poller

import (
	"fmt"

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
		r.Go("clock", w.clockAtEnd)
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
	{Name: "one comes after the other", Notes: "life", Setup: func(r *search.Run) {
		w := newLife(r, 2)
		r.Go("user before", w.user)
		r.Settle()
		r.Go("user", w.user)
		r.Go("clock", w.clockAtEnd)
		w.expect(2, nil)
		w.expectEnd()
	}},
	{Name: "one goes while another one comes", Notes: "life", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		fd, pd := w.register()
		r.Settle()
		r.Go("one", func() { w.unregister(fd, pd); w.Pass(long) })
		r.Go("two", func() { w.register() })
		w.expectReactor()
	}},
	{Name: "the reactor is about to end, and one comes", Notes: "life", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		fd, pd := w.register()
		w.unregister(fd, pd)
		r.Settle()
		r.Go("user", func() { w.register() })
		r.Go("clock", func() { w.Pass(long) })
		w.expectReactor()
	}},
	{Name: "two come when none runs", Notes: "life", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		r.Go("one", func() { w.register() })
		r.Go("two", func() { w.register() })
		w.expectReactor()
	}},
	{Name: "the reactor is about to end, and one goes as soon as he has come", Notes: "life", Setup: func(r *search.Run) {
		w := newLife(r, 1)
		fd, pd := w.register()
		r.Settle()
		w.unregister(fd, pd)
		r.Settle()
		r.Go("user", func() {
			fd, pd := w.register()
			w.unregister(fd, pd)
			w.done.Send()
		})
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
	w := &lifeWorld{newWorld(r, Nested), users, search.MakeChan(9)}
	w.ReactorsEnd = true
	search.Name(w.done, "done", nil)
	return w
}

// user registers a socket that has data, is told of it and goes away.
func (w *lifeWorld) user() {
	fd := w.Socket(kernel.TCP, 1)
	w.Arrive(fd, 1, 0)
	if pd, err := w.p.open(fd); err == nil {
		w.end(pd.Wait(polldesc.Read))
		w.unregister(fd, pd)
	} else {
		kernel.CloseFD(fd)
	}
	w.done.Send()
}

// clock moves on at any time, and at the end.
func (w *lifeWorld) clock() {
	w.Pass(2 * long)
	w.clockAtEnd()
}

// clockAtEnd moves on at the end.
func (w *lifeWorld) clockAtEnd() {
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

// expectReactor checks that one reactor runs, and has fetched everything.
func (w *world) expectReactor() {
	w.run.Check(func() string {
		if !w.p.life.running.Load() || w.Reactors != 1 || w.Listed(w.p.epfd) {
			return fmt.Sprintf("%d reactors run", w.Reactors)
		}
		return ""
	})
}
