// Package poller is the reactor: it waits for the kernel, wakes the goroutines whose
// descriptors became ready, and fires the deadlines that passed.
//
// Where it stands: fd registers descriptors with a Poller that a Group picked; the
// Poller delivers edges to polldesc and runs the timer heap.
//
//	fd  --Register-->  Group -- picks --> Poller 0, Poller 1, ...
//	                                        |
//	          +-----------------------------+
//	          v
//	   +--> wait for epoll, or until the next deadline     wait_*.go
//	   |      |
//	   |    1. events -> tokens -> Edge(gen, events)       loop.go, dispatch
//	   |    2. wake-up event: clear the wake flag          loop.go, dispatch
//	   |    3. run due deadlines                           loop.go, expire
//	   |    4. when is the next one?                       loop.go, expire
//	   +------+
//
// A descriptor is registered once, edge-triggered, for IN, RDHUP and PRI, and modified when
// an operation first waits to write: others cost no epoll_ctl. One that is no TCP socket is
// modified back when its writes need not wait any more.
// Deregistration precedes close(2), because a duplicate elsewhere would keep the
// registration alive.
//
// # Waiting
//
// How the reactor waits is a strategy of two implementations (see Wait): a goroutine
// parked in Go's own poller through the epoll descriptor, which costs no thread and
// no CPU when idle; or a goroutine blocked in epoll_pwait2, which has nanosecond
// deadlines and pays for them with a P that has to be won back.
//
// # Waking
//
// A goroutine is woken by a send on its channel, or while the machine has little to do,
// in a seat: see seat.go, and docs/waiting.md for the reason.
//
// A reactor that sleeps is woken through an event descriptor by whoever makes a
// deadline the earliest, or closes the Poller. One flag coalesces wake-ups: it is set
// before the descriptor is written and cleared after the event was seen and before
// the next deadline is looked up, so who finds it set may rely on that look (HB-7).
package poller
