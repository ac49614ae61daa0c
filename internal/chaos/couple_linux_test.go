package chaos

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// A couple is a connection with its two ends.
type couple struct {
	*round
	number  int
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
	c := &couple{round: r, number: number, ended: make(chan struct{}),
		arrived: make(chan net.Conn, 1), given: make(chan struct{}),
		relayed: make(chan net.Conn, 1), passed: make(chan struct{})}
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
