package fd

import (
	"fmt"
	"strings"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel/context"
	"github.com/a57b2d82/netpoller/polldesc"
)

// The use and the destruction of a descriptor: each goroutine has a script. r and w lock a
// side, x locks the reading side until a context is done, i is a reference, c is close. The last one to let go destroys, and wakes the ones that
// has closed.
var mutexes = []search.Scenario{
	mutexScenario("r", "r", "c"),
	mutexScenario("rw", "w"),
	mutexScenario("ww", "w"),
	mutexScenario("c", "c", "w"),
	mutexScenario("rr", "c"),
	mutexScenario("ri", "c"),
	mutexScenario("wi", "i"),
	{Name: "a mutex: two wait, and close", Notes: "HB-6, the table of fdmutex.go", Variants: 2, Setup: func(r *search.Run) {
		m := &mutexWorld{}
		m.queue(r)
		r.Go("closer", func() { m.do('c') })
		r.Check(m.wrong)
	}},
	{Name: "a mutex: two wait, in order", Notes: "the table of fdmutex.go", Variants: 2, Setup: func(r *search.Run) {
		m := &mutexWorld{}
		m.queue(r)
		r.Go("other", func() { m.do('i') })
		r.Check(m.wrong)
		r.Check(func() string {
			if m.order != "12" {
				return "the order was " + m.order
			}
			return ""
		})
	}},
	{Name: "a mutex: both sides are held, and one waits", Notes: "the table of fdmutex.go", Variants: 2, Setup: func(r *search.Run) {
		m := &mutexWorld{}
		m.mu.lock(polldesc.Read)
		m.mu.lock(polldesc.Write)
		r.Go("waiter", func() { m.do(rune("rw"[r.Variant])) })
		r.Settle()
		r.Go("holder", func() {
			m.let(m.mu.unlock(polldesc.Read))
			m.let(m.mu.unlock(polldesc.Write))
		})
		r.Check(m.wrong)
	}},
	contextScenario("two wait, and the first gives up", "xr", "unlock"),
	contextScenario("two wait, and the second gives up", "rx", "unlock"),
	contextScenario("two wait, and both give up", "xx", "unlock"),
	contextScenario("one waits and gives up, and close", "x", "unlock close"),
}

// contextScenario has a holder of the reading side, and two who wait for it already. The wait of
// x ends with a context.
func contextScenario(name, waiters, others string) search.Scenario {
	return search.Scenario{Name: "a mutex: " + name, Notes: "the table of fdmutex.go", Setup: func(r *search.Run) {
		m := &mutexWorld{ctx: context.New()}
		m.mu.lock(polldesc.Read)
		for i, op := range waiters {
			r.Go(fmt.Sprint("waiter ", i+1), func() { m.do(op) })
			r.Settle()
		}
		search.NameAll("mutex", &m.mu)
		r.Go("canceler", m.ctx.Cancel)
		r.Go("holder", func() { m.let(m.mu.unlock(polldesc.Read)) })
		if strings.Contains(others, "close") {
			r.Go("closer", func() { m.do('c') })
		}
		r.Check(m.wrong)
		r.Check(func() string {
			if q := m.mu.queue(polldesc.Read); len(q.waiters) > 0 || q.count > 0 && m.closed == 0 {
				return fmt.Sprintf("%d waiters and %d wake-ups are left", len(q.waiters), q.count)
			}
			return ""
		})
	}}
}

// queue has a holder of one side, who lets go, and two who wait for it already.
func (m *mutexWorld) queue(r *search.Run) {
	op := rune("rw"[r.Variant])
	m.mu.lock(modeOf(op))
	for i := range 2 {
		r.Go(fmt.Sprint("waiter ", i+1), func() { m.do(op); m.order += fmt.Sprint(i + 1) })
		r.Settle()
	}
	search.NameAll("mutex", &m.mu)
	r.Go("holder", func() { m.let(m.mu.unlock(modeOf(op))) })
}

func mutexScenario(scripts ...string) search.Scenario {
	return search.Scenario{Name: fmt.Sprint("a mutex: ", scripts), Notes: "HB-6, the table of fdmutex.go", Setup: func(r *search.Run) {
		m := &mutexWorld{}
		search.NameAll("mutex", &m.mu)
		for i, script := range scripts {
			r.Go(fmt.Sprint(i), func() {
				for _, op := range script {
					m.do(op)
				}
			})
		}
		r.Check(m.wrong)
	}}
}

// A mutexWorld is an fdMutex, and what it guards: memory that is each side's, and the
// descriptor's. A use that is not ordered after another one is a data race.
type mutexWorld struct {
	mu         fdMutex
	ctx        *context.Cancelable // of x
	side       [2]int
	descriptor int
	closed     int
	destroyed  int
	misused    string
	order      string // of those who waited
}

func (m *mutexWorld) do(op rune) {
	switch op {
	case 'r', 'w':
		if mode := modeOf(op); m.got(m.mu.lock(mode)) {
			*search.W(&m.side[mode])++
			m.let(m.mu.unlock(mode))
		}
	case 'x':
		if ok := m.mu.lockContext(m.ctx, polldesc.Read); ok || m.ctx.Err() == nil {
			if m.got(ok) {
				*search.W(&m.side[polldesc.Read])++
				m.let(m.mu.unlock(polldesc.Read))
			}
		}
	case 'i':
		if m.got(m.mu.incref()) {
			m.let(m.mu.decref())
		}
	case 'c':
		if m.got(m.mu.close()) {
			m.close()
		}
	}
}

// got begins a use.
func (m *mutexWorld) got(ok bool) bool {
	if !ok && search.Peek(&m.mu.state)&mutexClosed == 0 {
		m.misused = "an open descriptor was reported closed"
	}
	if ok {
		_ = *search.R(&m.descriptor)
	}
	return ok
}

// let ends one, as FD.unlock does.
func (m *mutexWorld) let(last bool) {
	if last {
		m.destroy()
		m.mu.queue(closer).release()
	}
}

// close is FD.Close after the first step.
func (m *mutexWorld) close() {
	if m.closed++; m.mu.decref() {
		m.destroy()
	} else {
		m.mu.queue(closer).acquire()
	}
	if *search.R(&m.descriptor) != 1 {
		m.misused = "Close returned, and nothing was destroyed"
	}
}

func (m *mutexWorld) destroy() {
	*search.W(&m.descriptor)++
	*search.W(&m.side[0])++
	*search.W(&m.side[1])++
	m.destroyed++
}

func (m *mutexWorld) wrong() string {
	s := search.Peek(&m.mu.state)
	switch {
	case m.misused != "":
		return m.misused
	case m.closed == 0 && (s != 0 || m.destroyed != 0), m.closed > 0 && (s != mutexClosed || m.closed != 1 || m.destroyed != 1):
		return fmt.Sprintf("the word is %#x after %d times closed and %d times destroyed", s, m.closed, m.destroyed)
	}
	return ""
}

func modeOf(op rune) polldesc.Mode {
	if op == 'w' {
		return polldesc.Write
	}
	return polldesc.Read
}
