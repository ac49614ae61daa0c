package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// An idle is a connection on which nothing comes, so that a wait ends by what another goroutine does
// about it, or never: a deadline, a context, a limit, the peer, Close. Each is done while
// the wait begins, and the wait must end for that reason.
type idle struct {
	*round
	number int
	ended  chan struct{}
	api    api
	peer   net.Conn
	full   bool // there is no room to write, and writes are what wait
}

func (r *round) newIdle(number int) *idle {
	return &idle{round: r, number: number, ended: make(chan struct{})}
}

func (i *idle) done() chan struct{} { return i.ended }
func (i *idle) check()              {}

func (i *idle) start() {
	random := rand.New(rand.NewPCG(i.seed, uint64(i.number)<<16))
	i.full = random.IntN(3) == 0
	name := fmt.Sprintf("idle %d, full=%t", i.number, i.full)
	i.act(i.number, 1, name, func(a *actor) {
		defer close(i.ended)
		if !i.connect(a) {
			return
		}
		defer i.peer.Close()
		defer i.api.Close()
		for n := 10 + a.rand.IntN(200); n > 0 && !i.closing.Load(); n-- {
			if i.full && !i.fill(a) {
				return
			}
			if !i.wait(a, name, n == 1) {
				return
			}
		}
	})
}

// connect makes a pair of Unix streams, or of TCP connections.
func (i *idle) connect(a *actor) bool {
	network, address := "tcp", "127.0.0.1:0"
	if i.full { // in which there is room again only when the peer has read
		network, address = "unix", fmt.Sprintf("%s/idle%d", i.dir, i.number)
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		a.fail("%v", err)
		return false
	}
	defer ln.Close()
	a.begin("Dial", 0)
	c, err := (&netpoller.Dialer{Poller: i.group(a.rand)}).Dial(network, ln.Addr().String())
	a.end(0, err)
	if err != nil {
		if !i.closing.Load() {
			a.fail("%v", err)
		}
		return false
	}
	i.api = c.(api)
	if i.peer, err = ln.Accept(); err != nil {
		a.fail("%v", err)
		c.Close()
		return false
	}
	return true
}

// fill writes until there is no more room.
func (i *idle) fill(a *actor) bool {
	raw, err := i.api.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			for _, size := range []int{1 << 16, 1 << 10, 1} {
				for err := error(nil); err == nil; {
					_, err = syscall.Write(int(fd), make([]byte, size))
				}
			}
		})
	}
	if err != nil && !i.closing.Load() {
		a.fail("filling: %v", err)
	}
	return err == nil
}

// A waiting is an operation that waits, and what ended it.
type waiting struct {
	ctx  context.Context
	stop chan func() bool // of a notification
	err  chan error
}

// wait begins to wait, and ends that.
func (i *idle) wait(a *actor, name string, last bool) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := &waiting{ctx, make(chan func() bool, 1), make(chan error, 1)}
	ways := idleReads
	if i.full {
		ways = idleWrites
	}
	way := &ways[a.rand.IntN(len(ways))]
	ender := &enders[a.rand.IntN(len(enders)-1)]
	if last {
		ender = &enders[len(enders)-1] // Close
	}
	if ender.context && !way.context || ender.limit && way.notifies || ender.stops && !way.notifies {
		return true
	}
	if ender.limit {
		netpoller.WithTimeout(i.api, a.shortly(), a.shortly())
	}
	i.act(i.number, a.rand.IntN(1<<16), name+": waiter", func(a *actor) {
		a.begin("idle: "+way.name, 0)
		err := way.do(i.api, w)
		a.end(0, err)
		w.err <- err
	})
	for range a.rand.IntN(4000) {
	}
	if a.one(2) {
		a.sleep(time.Duration(a.rand.IntN(100_000)))
	}
	a.begin("idle: "+ender.name, 0)
	ender.do(i, a, w, cancel)
	err := <-w.err
	a.end(0, err)
	if i.closing.Load() {
		return false
	}
	told := way.notifies && err == nil // of anything
	if kind(err) != ender.kind && !told {
		a.fail("%s, ended by %s: %v", way.name, ender.name, err)
		return false
	}
	netpoller.WithTimeout(i.api, 0, 0)
	_ = i.api.SetDeadline(time.Time{})
	if told && ender.kind == "" {
		_, _ = i.api.Read(make([]byte, 8))
	}
	return true
}

var idleReads = []idleWay{
	{"Read", false, false, func(c api, w *waiting) error { _, err := c.Read(make([]byte, 8)); return err }},
	{"ReadContext", true, false, func(c api, w *waiting) error {
		_, err := c.ReadContext(w.ctx, make([]byte, 8))
		return err
	}},
	{"WaitReadable", true, false, func(c api, w *waiting) error {
		err := c.WaitReadable(w.ctx)
		if err == nil {
			_, err = c.Read(make([]byte, 8))
		}
		return err
	}},
	{"NotifyReadable", false, true, func(c api, w *waiting) error {
		told := make(chan error, 2)
		stop := c.NotifyReadable(func() { told <- nil })
		w.stop <- func() bool {
			stopped := stop()
			if stopped {
				told <- context.Canceled
			}
			return stopped
		}
		return <-told
	}},
}

var idleWrites = []idleWay{
	{"Write", false, false, func(c api, w *waiting) error { _, err := c.Write(make([]byte, 1<<16)); return err }},
	{"WriteContext", true, false, func(c api, w *waiting) error {
		_, err := c.WriteContext(w.ctx, make([]byte, 1<<16))
		return err
	}},
	{"WaitWritable", true, false, func(c api, w *waiting) error { return c.WaitWritable(w.ctx) }},
	{"Buffers.WriteTo", false, false, func(c api, w *waiting) error {
		_, err := (&netpoller.Buffers{make([]byte, 1<<15), make([]byte, 1<<15)}).WriteTo(c)
		return err
	}},
}

// An idleWay is a way to wait.
type idleWay struct {
	name     string
	context  bool // it has one
	notifies bool
	do       func(c api, w *waiting) error
}

// enders are the ways to end a wait. The last one is Close.
var enders = []struct {
	name    string
	kind    string // of the error
	context bool   // only what has a context can be ended so
	limit   bool   // a limit ends it
	stops   bool   // only a notification is ended so
	do      func(i *idle, a *actor, w *waiting, cancel context.CancelFunc)
}{
	{name: "a deadline", kind: "deadline", do: func(i *idle, a *actor, w *waiting, _ context.CancelFunc) {
		for range a.rand.IntN(4) { // set and moved before
			_ = i.api.SetDeadline([]time.Time{{}, time.Now().Add(time.Hour), time.Now().Add(time.Minute)}[a.rand.IntN(3)])
		}
		if a.one(3) {
			_ = i.api.SetReadDeadline(time.Now().Add(time.Hour))
		}
		_ = i.api.SetDeadline([]time.Time{time.Unix(1, 0), time.Now(), time.Now().Add(a.shortly())}[a.rand.IntN(3)])
	}},
	{name: "a context", kind: "canceled", context: true,
		do: func(_ *idle, _ *actor, _ *waiting, cancel context.CancelFunc) { cancel() }},
	{name: "a limit", kind: "deadline", limit: true, do: func(*idle, *actor, *waiting, context.CancelFunc) {}},
	{name: "stop", kind: "canceled", stops: true, do: func(i *idle, a *actor, w *waiting, _ context.CancelFunc) {
		if stop := <-w.stop; !stop() && !i.closing.Load() {
			a.fail("a notification was not stopped, and nothing has come")
		}
	}},
	{name: "the peer", kind: "", do: func(i *idle, a *actor, w *waiting, _ context.CancelFunc) {
		if !i.full {
			_, _ = i.peer.Write([]byte("x"))
			return
		}
		for buf := make([]byte, 1<<20); len(w.err) == 0; { // until the wait has ended
			_ = i.peer.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, _ = i.peer.Read(buf)
		}
	}},
	{name: "Close", kind: "closed", do: func(i *idle, a *actor, w *waiting, _ context.CancelFunc) { i.api.Close() }},
}
