package fd

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/internal/search/kernel/context"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// A world is one connection on one poller, and a kernel below.
type world struct {
	*kernel.Machine
	run   *search.Run
	group *poller.Group
	fd    *FD
	sysfd int

	ended  []error // of operations, in the order of their ends
	got    int     // bytes read
	called int     // notifications, and stops that came in time
	wrong  string  // found on the way
}

// A new connection takes so many bytes. Of few, one is enough to be told of; of more it is not.
const (
	roomy   = 4
	roomier = 9
)

func newWorld(r *search.Run) *world { return newWorldOf(r, KindTCP, poller.Nested) }

func newWorldOf(r *search.Run, kind Kind, wait poller.Strategy) *world {
	w := boot(r, wait)
	w.open(kind, roomy)
	r.Settle()
	return w
}

func boot(r *search.Run, wait poller.Strategy) *world {
	r.PermitsUnderLocks() // the reactor holds one as long as it runs
	w := &world{Machine: kernel.Boot(r), run: r}
	w.group = poller.NewGroup(poller.Config{Pollers: 1, Strategy: wait})
	return w
}

// open makes the connection, and registers it.
func (w *world) open(kind Kind, room int) {
	w.own(kind, room)
	if err := w.fd.Register(w.group); err != nil {
		panic(err)
	}
}

func (w *world) own(kind Kind, room int) {
	how := kernel.TCP
	if kind != KindTCP {
		how = kernel.Packets
	}
	w.sysfd, w.fd = w.Socket(how, room), new(FD)
	w.fd.Own(w.sysfd, kind)
	search.NameAll("fd", w.fd)
}

// arrive is what the peer does: bytes come, or the end, and are reported.
func (w *world) arrive(bytes int) { w.Arrive(w.sysfd, bytes, 0) }

// read reads up to n bytes.
func (w *world) read(n int) {
	got, err := w.fd.Read(make([]byte, n))
	w.got += got
	w.end(err)
}

// readAll reads until it has n bytes in all.
func (w *world) readAll(n int) {
	for w.got < n {
		w.read(9)
	}
}

// readAgain reads up to n bytes, and again if a deadline ends that. It takes the deadline back
// first.
func (w *world) readAgain(n int) {
	for {
		got, err := w.fd.Read(make([]byte, n))
		if err != os.ErrDeadlineExceeded {
			w.got += got
			w.end(err)
			return
		}
		w.fd.SetReadDeadline(time.Time{})
	}
}

// readContext is read that ctx can end.
func (w *world) readContext(ctx context.Context, n int) {
	got, err := w.fd.ReadContext(ctx, make([]byte, n))
	w.got += got
	w.end(err)
}

// write writes n bytes.
func (w *world) write(n int) {
	wrote, err := w.fd.Write(make([]byte, n))
	if wrote > n || wrote < n && err == nil {
		w.wrong = fmt.Sprintf("Write of %d bytes: %d, %v", n, wrote, err)
	}
	w.end(err)
}

// setDeadline sets both deadlines; -1 is the past.
func (w *world) setDeadline(now int64) {
	if err := w.fd.SetDeadline(kernel.Base.Add(time.Duration(now))); err != nil && err != net.ErrClosed {
		w.wrong = fmt.Sprint("SetDeadline: ", err)
	}
}

func (w *world) close() {
	if err := w.fd.Close(); err != nil {
		w.wrong = fmt.Sprint("Close: ", err)
	}
	if !w.Closed(w.sysfd) {
		w.wrong = "Close has returned, and the descriptor is open"
	}
}

func (w *world) end(err error) { w.ended = append(w.ended, err) }

// expect checks at the end that so many operations ended, each with one of the errors.
func (w *world) expect(n int, want ...error) {
	w.expectNothing()
	w.run.Check(func() string { return search.Ended(w.ended, n, want...) })
}

// expectBytes checks at the end how many were read.
func (w *world) expectBytes(want int) {
	w.run.Check(func() string {
		if w.got != want {
			return fmt.Sprintf("%d bytes were read, not %d", w.got, want)
		}
		return ""
	})
}

// expectLast checks at the end how the last operation ended.
func (w *world) expectLast(want error) {
	w.expectNothing()
	w.run.Check(func() string {
		if len(w.ended) == 0 || w.ended[len(w.ended)-1] != want {
			return fmt.Sprintf("the operations ended with %v, not %v", w.ended, want)
		}
		return ""
	})
}

// expectNothing checks at the end that nothing is wrong.
func (w *world) expectNothing() { w.run.Check(func() string { return w.wrong }) }

// expectUninterrupted checks at the end that no interrupt is left.
func (w *world) expectUninterrupted() {
	w.run.Check(func() string {
		if w.fd.pd.Prepare(polldesc.Read) == polldesc.ErrInterrupted {
			return "an interrupt is left over"
		}
		return ""
	})
}

// expectCalled checks at the end that there was a system call, or the scenario shows nothing.
func (w *world) expectCalled(call string) {
	w.run.Check(func() string {
		if w.Calls[call] == 0 {
			return "there was no " + call
		}
		return ""
	})
}

var errClosed, errReset = net.ErrClosed, syscall.ECONNRESET
