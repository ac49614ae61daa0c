package chaos

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// An end is one end of a connection.
type end struct {
	*couple
	conn    net.Conn // or a TimeoutConn over it
	api     api      // what of it is ours; nil if none
	out, in *flow
	number  int
	done    chan struct{} // closed when both flows have ended here

	notifies sync.Mutex // held while a notification waits

	closing atomic.Bool // a goroutine closes it
	timed   atomic.Bool // a deadline or a limit was set
}

// api is what our connections can do.
type api interface {
	net.Conn
	ReadContext(context.Context, []byte) (int, error)
	WriteContext(context.Context, []byte) (int, error)
	WaitReadable(context.Context) error
	WaitWritable(context.Context) error
	NotifyReadable(func()) (stop func() bool)
	PeerClosed() bool
	SyscallConn() (syscall.RawConn, error)
	File() (*os.File, error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}

func (c *couple) newEnd(conn net.Conn, ours bool, i int) *end {
	e := &end{couple: c, conn: conn, number: i, done: make(chan struct{}), out: &c.flows[i], in: &c.flows[1-i]}
	if ours {
		e.api = conn.(api)
	}
	return e
}

// live lets actors loose on the end, and closes it.
func (e *end) live(a *actor) {
	if e.limits && e.api != nil {
		e.timed.Store(true)
		e.conn = netpoller.WithTimeout(e.conn, e.limit(a), e.limit(a))
	}
	var working, disturbing sync.WaitGroup
	role := 16 + 64*e.number
	run := func(group *sync.WaitGroup, what string, f func(*actor)) {
		group.Add(1)
		role++
		e.act(e.couple.number, role, fmt.Sprintf("%s: end %d %s", e.couple, e.number, what), func(a *actor) {
			defer group.Done()
			f(a)
		})
	}
	crowd := 1
	if !e.ordered {
		crowd = 1 + a.rand.IntN(3)
	}
	var writing sync.WaitGroup
	for range crowd {
		run(&writing, "writer", e.write)
		run(&working, "reader", e.read)
	}
	run(&working, "finisher", func(a *actor) {
		writing.Wait()
		e.finish(a)
	})
	for range a.rand.IntN(3) {
		run(&disturbing, "disturber", e.disturb)
	}
	if !e.faithful && a.one(2) {
		run(&disturbing, "wrecker", e.wreck)
	}
	go func() {
		working.Wait()
		close(e.done)
	}()
	select {
	case <-e.done:
	case <-e.dead:
	case <-e.wildOver():
	}
	e.close(a)
	<-e.done
	disturbing.Wait()
	e.readAfterClose(a)
}

// limit is a limit for each Read or Write, or none.
func (e *end) limit(a *actor) time.Duration {
	if a.one(3) {
		return 0
	}
	return 50*time.Microsecond + 10*a.shortly()
}

// wildOver is closed when a wild end has had enough.
func (e *end) wildOver() chan struct{} {
	if e.faithful {
		return nil
	}
	return e.over
}

// finish ends the flow, when all has been written.
func (e *end) finish(a *actor) {
	e.out.ended.Store(true)
	a.begin("CloseWrite", 0)
	err := e.conn.(interface{ CloseWrite() error }).CloseWrite()
	a.end(0, err)
	if err != nil {
		e.judge(a, "CloseWrite", err)
	}
}

// close closes the end, from several sides now and then.
func (e *end) close(a *actor) {
	e.closing.Store(true)
	if a.one(8) {
		go e.conn.Close()
	}
	a.begin("Close", 0)
	err := e.conn.Close()
	a.end(0, err)
	if err != nil {
		e.judge(a, "Close", err)
	}
}

// readAfterClose expects that nothing works any more.
func (e *end) readAfterClose(a *actor) {
	n, err := e.conn.Read(make([]byte, 8))
	if n != 0 || kind(err) != "closed" {
		a.fail("a Read after Close: %d, %v", n, err)
	}
	n, err = e.conn.Write(make([]byte, 8))
	if n != 0 || kind(err) != "closed" {
		a.fail("a Write after Close: %d, %v", n, err)
	}
}

// judge fails if an error has no reason. It reports whether the operation may be tried
// again.
func (e *end) judge(a *actor, op string, err error) (again bool) {
	switch k := kind(err); {
	case k == "deadline" && e.timed.Load():
		return true
	case e.round.closing.Load():
		return false
	case k == "closed" && e.closing.Load():
		return false
	case k == "EOF" && e.in.ended.Load() && e.faithful:
		return false
	case !e.faithful && (k == "EOF" || k == "reset" || k == "broken pipe" || k == "not connected"):
		return false
	}
	a.fail("%s: %v", op, err)
	return false
}
