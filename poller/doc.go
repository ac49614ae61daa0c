// Package poller is the reactor: it waits for the kernel, wakes the goroutines whose
// descriptors became ready, and fires the deadlines that passed.
//
// Where it stands: fd opens descriptors with a Poller that a Group picked, and registers them;
// the Poller delivers edges to polldesc and runs the timer heap.
//
//	fd  --Alloc----->  Group -- picks --> Poller 0, Poller 1, ...
//	                                        |
//	          +-----------------------------+
//	          v
//	   +--> wait for epoll, or until the next deadline     nested, thread
//	   |      |
//	   |    1. events -> tokens -> Edge(gen, events)       loop.go, dispatch
//	   |    2. wake-up event: clear the wake flag          loop.go, dispatch
//	   |    3. run due deadlines                           loop.go, expire
//	   |    4. when is the next one?                       loop.go, expire
//	   +------+
//
// A descriptor is registered when an operation first has to wait, edge-triggered, for IN, RDHUP
// and PRI, and modified when one first waits to write: others cost no epoll_ctl. One that is no
// TCP socket is modified back when its writes need not wait any more. A listener, which waits
// anyway, is registered when it is made. The registration is deleted before close(2), which
// would leave the file open as long as a duplicate, or the reactor's own wait, holds it.
//
// # Waiting
//
// How the reactor waits is a Strategy, and each has a file. A nested reactor parks in Go's
// own poller through the epoll descriptor: it costs no thread, and no CPU when idle. The
// other blocks a thread in epoll_pwait2: it has deadlines of nanosecond resolution, and
// pays for them with a P that has to be won back.
//
// Whatever is tuned, and where owners park, is in policy_linux.go.
//
// # Waking
//
// The reactor unparks a goroutine through its channel, or its eventfd: see
// eventfd_linux.go, and docs/parking.md for the reason.
//
// A reactor that sleeps is woken through an eventfd by the goroutine that makes a deadline
// the earliest, or closes the Poller. One flag coalesces wake-ups: it is set before the
// eventfd is written and cleared after the event was seen and before the next deadline is
// looked up, so a goroutine that finds it set may rely on that look (HB-7).
package poller
