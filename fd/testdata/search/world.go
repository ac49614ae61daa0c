package fd

import (
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/poller"
)

// A world is one connection on one poller, and a kernel below.
type world struct {
	*kernel.Machine
	run   *search.Run
	group *poller.Group
	fd    *FD
	sysfd int

	ended []error // of operations, in the order of their ends
	got   int     // bytes read
	wrong string  // found on the way
}

// room is how many bytes a new connection takes.
const roomy = 4

func newWorld(r *search.Run) *world { return newWorldOf(r, TCP, poller.WaitParked) }

func newWorldOf(r *search.Run, kind Kind, wait poller.Wait) *world {
	r.TokensUnderLocks() // the reactor holds one as long as it runs
	w := &world{Machine: kernel.Boot(r), run: r}
	w.group = poller.NewGroup(poller.Config{Pollers: 1, Wait: wait})
	w.open(kind)
	r.Settle()
	return w
}

// open makes the connection.
func (w *world) open(kind Kind) {
	how := kernel.TCP
	if kind != TCP {
		how = kernel.Packets
	}
	w.sysfd, w.fd = w.Socket(how, roomy), new(FD)
	w.fd.Own(w.sysfd, kind)
	if err := w.fd.Init(w.group); err != nil {
		panic(err)
	}
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

func (w *world) close() {
	if err := w.fd.Close(); err != nil {
		w.wrong = fmt.Sprint("Close: ", err)
	}
}

func (w *world) end(err error) { w.ended = append(w.ended, err) }

// at is a moment on the clock.
func at(now int64) time.Time { return kernel.Base.Add(time.Duration(now)) }

// expect checks at the end that so many operations ended, each with one of the errors.
func (w *world) expect(n int, want ...error) {
	w.run.Check(func() string {
		if w.wrong != "" {
			return w.wrong
		}
		if len(w.ended) != n {
			return fmt.Sprintf("%d operations ended, not %d", len(w.ended), n)
		}
		for _, err := range w.ended {
			if !slices.Contains(want, err) {
				return fmt.Sprintf("an operation ended with: %v", err)
			}
		}
		return ""
	})
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

var errClosed = net.ErrClosed
