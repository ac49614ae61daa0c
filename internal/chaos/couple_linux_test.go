package chaos

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// A couple is a connection with its two ends.
type couple struct {
	*round
	number  int
	rand    *rand.Rand // of who sets it up
	arrived chan net.Conn
	relayed chan net.Conn // arrived from the relay
	given   chan struct{} // closed when nothing arrives any more
	passed  chan struct{} // closed when nothing is relayed any more
	ended   chan struct{}
	flows   [2]flow // there, back

	// Traits.
	network  string
	ln       listening
	relay    *listening // to which what is accepted is relayed, or nil
	ours     bool       // the end that dials is
	faithful bool       // no byte may be lost
	ordered  bool       // one writes and one reads, at a time
	lends    bool       // SyscallConn and File are used
	urgent   bool       // urgent bytes are sent
	limits   bool       // WithTimeout is used
	most     int        // what is transferred at once, at most
}

func (r *round) newCouple(number int) *couple {
	random := rand.New(rand.NewPCG(r.seed, uint64(number)<<16))
	c := &couple{round: r, number: number, rand: random,
		arrived: make(chan net.Conn, 1), relayed: make(chan net.Conn, 1), given: make(chan struct{}), passed: make(chan struct{}), ended: make(chan struct{})}
	c.ln = r.listeners[random.IntN(len(r.listeners))]
	c.network = c.ln.network
	c.ours = !c.ln.ours || random.IntN(2) == 0
	if relay := &r.listeners[random.IntN(len(r.listeners))]; c.ln.ours && random.IntN(4) == 0 {
		c.relay = relay
	}
	c.faithful = random.IntN(5) < 3
	c.ordered = random.IntN(2) == 0
	c.lends = random.IntN(4) == 0
	c.urgent = random.IntN(4) == 0 && c.network != "unix"
	c.limits = random.IntN(3) == 0
	c.most = 1 << random.IntN(19)
	for i := range c.flows {
		f := &c.flows[i]
		f.ordered = c.ordered
		f.phase = random.IntN(period)
		f.total = int64(random.IntN(min(c.most*60, 1<<21)))
		f.left.Store(f.total)
	}
	return c
}

func (c *couple) String() string {
	s := fmt.Sprintf("couple %d, %s", c.number, c.network)
	if c.relay != nil {
		s += fmt.Sprintf(", relayed to %s ours=%t", c.relay.network, c.relay.ours)
	}
	for _, trait := range []struct {
		has  bool
		name string
	}{{c.faithful, "faithful"}, {c.ordered, "ordered"}, {c.lends, "lends"}, {c.urgent, "urgent"}, {c.limits, "limits"},
		{c.ours, "dialed by ours"}, {c.ln.ours, "accepted by ours"}} {
		if trait.has {
			s += ", " + trait.name
		}
	}
	return s
}

// start makes both ends live, and ends them.
func (c *couple) start() {
	var all sync.WaitGroup
	part := func(role int, name string, f func(a *actor)) {
		all.Add(1)
		c.act(c.number, role, c.String()+": "+name, func(a *actor) {
			defer all.Done()
			f(a)
		})
	}
	part(1, "dialer", func(a *actor) {
		defer close(c.given)
		if conn := c.dial(a); conn != nil {
			c.newEnd(conn, c.ours, 0).live(a)
		}
	})
	part(2, "accepter", func(a *actor) {
		defer close(c.passed)
		conn := c.take(c.arrived, c.given)
		switch {
		case conn == nil:
		case c.relay != nil:
			c.relayFrom(a, conn)
		default:
			c.newEnd(conn, c.ln.ours, 1).live(a)
		}
	})
	if c.relay != nil {
		part(3, "accepter of the relay", func(a *actor) {
			if conn := c.take(c.relayed, c.passed); conn != nil {
				c.newEnd(conn, c.relay.ours, 1).live(a)
			}
		})
	}
	go func() {
		all.Wait()
		close(c.ended)
	}()
}

// take waits for a connection that was accepted, and returns nil if none will be.
func (c *couple) take(arrived chan net.Conn, none chan struct{}) net.Conn {
	select {
	case conn := <-arrived:
		return conn
	case <-none:
	case <-c.dead:
	}
	return nil
}

func (c *couple) done() chan struct{} { return c.ended }

// check is called when all actors have ended.
func (c *couple) check() {
	for _, arrived := range []chan net.Conn{c.arrived, c.relayed} {
		select {
		case conn := <-arrived: // after everybody had given up
			conn.Close()
		default:
		}
	}
	if c.closing.Load() {
		return
	}
	a := &actor{round: c.round, name: c.String()}
	for i := range c.flows {
		c.flows[i].check(a, c.faithful)
		c.all.count("bytes", c.flows[i].got.n.Load())
	}
	c.all.count("connections", 1)
}

// dial connects, and says which couple this is.
func (c *couple) dial(a *actor) net.Conn {
	ctx, cancel := context.WithCancel(context.Background())
	if !c.faithful && a.one(4) {
		ctx, cancel = context.WithTimeout(ctx, a.shortly())
	}
	defer cancel()
	conn := c.dialTo(a, ctx, c.ln, c.ours)
	if conn != nil && !c.introduce(a, conn, uint64(c.number)) {
		conn.Close()
		return nil
	}
	return conn
}

// dialTo connects to a listener.
func (c *couple) dialTo(a *actor, ctx context.Context, ln listening, ours bool) (conn net.Conn) {
	var err error
	a.begin("DialContext", 0)
	if ours {
		d := &netpoller.Dialer{Poller: c.group(a.rand)}
		conn, err = d.DialContext(ctx, ln.network, ln.Addr().String())
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, ln.network, ln.Addr().String())
	}
	a.end(0, err)
	if err == nil {
		return conn
	}
	if until, ok := ctx.Deadline(); ok && time.Now().After(until) && (kind(err) == "deadline" || kind(err) == "context deadline") {
		return nil // the dialer looks at the clock itself
	}
	if a.ofContext(ctx, err); kind(err) != "canceled" && kind(err) != "context deadline" && !c.closing.Load() {
		a.fail("dialing: %v", err)
	}
	return nil
}

// introduce writes the number of a couple, in pieces now and then.
func (c *couple) introduce(a *actor, conn net.Conn, number uint64) bool {
	for rest := binary.BigEndian.AppendUint64(nil, number); len(rest) > 0; {
		k := 1 + a.rand.IntN(len(rest))
		if a.one(2) {
			k = len(rest)
		}
		if _, err := conn.Write(rest[:k]); err != nil {
			if !c.closing.Load() {
				a.fail("the first write: %v", err)
			}
			return false
		}
		rest = rest[k:]
		a.pause()
	}
	return true
}

// An end is one end of a connection.
type end struct {
	*couple
	conn    net.Conn // or a TimeoutConn over it
	api     api      // what of it is ours; nil if none
	out, in *flow
	number  int
	done    chan struct{} // closed when both flows have ended here

	closing atomic.Bool // somebody closes it
	shut    atomic.Bool // somebody shuts down a side of it
	timed   atomic.Bool // a deadline or a limit was set
	readers sync.WaitGroup
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
	e := &end{couple: c, conn: conn, out: &c.flows[i], in: &c.flows[1-i], number: i, done: make(chan struct{})}
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
