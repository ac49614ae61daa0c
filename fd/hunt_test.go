//go:build linux

package fd

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/poller"
)

var (
	huntFor  = flag.Duration("hunt", 2*time.Second, "how long TestHunt looks for a stalled Read")
	huntSeed = flag.Uint64("huntseed", 0, "where TestHunt begins; 0 means anywhere")
)

// A peer may send data, urgent bytes, the end and a reset in any order and rhythm. If
// the reader ever has less than was sent, and nothing to wake it, this finds out,
// because the peer stops now and then until all of it was read.
func TestHunt(t *testing.T) {
	seed := *huntSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	eachWait(t, func(t *testing.T, g *poller.Group) {
		end := time.Now().Add(*huntFor / 2)
		for ; time.Now().Before(end) && !t.Failed(); seed++ {
			h := &hunt{t: t, random: rand.New(rand.NewPCG(seed, 0))}
			h.run(g)
			if t.Failed() {
				t.Logf("with -huntseed=%d: %s", seed, h.log)
			}
		}
	})
}

// A hunt is the life of one connection.
type hunt struct {
	t      *testing.T
	random *rand.Rand
	far    *peer
	log    []byte

	plain   int          // bytes of data sent, each '.'; urgent ones are '!'
	got     atomic.Int64 // of them that were read
	urgents int
}

func (h *hunt) run(g *poller.Group) {
	near, sysfd := tcpPair(h.t)
	h.far = &peer{h.t, sysfd}
	defer h.far.close()
	inline := h.random.IntN(2)
	ok(h.t, syscall.SetsockoptInt(near, syscall.SOL_SOCKET, unix.SO_OOBINLINE, inline))
	fd := newFD(h.t, g, near, KindTCP)
	defer fd.Close()

	size := 1 + h.random.IntN(20)
	type ending struct {
		urgents int
		err     error
	}
	reading := make(chan ending, 1)
	go func() {
		var e ending
		for buf := make([]byte, size); e.err == nil; {
			var n int
			n, e.err = fd.Read(buf)
			e.urgents += bytes.Count(buf[:n], []byte("!"))
			h.got.Add(int64(bytes.Count(buf[:n], []byte("."))))
		}
		reading <- e
	}()
	reset := h.send()
	e := result(h.t, "reader "+string(h.log), reading)
	got := int(h.got.Load())
	switch {
	case reset && (e.err == syscall.ECONNRESET || e.err == io.EOF) && got <= h.plain:
	case !reset && e.err == io.EOF && got == h.plain && (inline == 0 || e.urgents == h.urgents):
	default:
		h.t.Errorf("read %d of %d and %d urgent of %d, then %v", got, h.plain, e.urgents, h.urgents, e.err)
	}
}

// send is the peer's side. It reports whether the connection was reset.
func (h *hunt) send() (reset bool) {
	for {
		var step string
		switch h.random.IntN(12) {
		case 0:
			h.log = append(h.log, " FIN"...)
			h.far.fin()
			return false
		case 1:
			h.log = append(h.log, " RST"...)
			h.far.reset()
			return true
		case 2, 3, 4:
			step = "!"
			h.far.urgent("!")
			h.urgents++
		case 5, 6, 7, 8:
			n := 1 + h.random.IntN(30)
			step = fmt.Sprint(n)
			h.far.send(string(bytes.Repeat([]byte("."), n)))
			h.plain += n
		case 9, 10:
			step = "wait"
			eventually(h.t, "all was read that was sent"+string(h.log), func() bool { return int(h.got.Load()) == h.plain })
		case 11:
			step = "spin"
			for range h.random.IntN(20_000) {
			}
		}
		h.log = append(h.log, " "+step...)
	}
}
