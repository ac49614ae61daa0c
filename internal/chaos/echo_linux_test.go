package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	netpoller "github.com/a57b2d82/netpoller"
)

// An echo is two sockets of packets: one sends packets with numbers, and the other sends
// them back. In a faithful one every packet must come back, which Unix sockets promise. UDP
// does not: what is not back after a long time is sent again, if it is in neither socket.
type echo struct {
	*couple
	total    int
	connects bool           // the one that asks has a peer
	far      net.Addr       // the one that answers
	window   chan struct{}  // has one for each packet on its way
	back     []atomic.Bool  // by number
	missing  atomic.Int64   // not yet back
	all      chan struct{}  // closed when all are
	again    atomic.Int64   // how many were sent a second time
	twice    atomic.Int64   // how many came a second time
	drops    int64          // how many packets the kernel had dropped before
	ends     [2]*end        // who asks, who answers
	socks    [2]packetConn  // theirs
	closers  []func() error // of what is open
}

// packetConn is what all sockets of packets have.
type packetConn interface {
	net.Conn
	net.PacketConn
	syscall.Conn
}

const (
	packetHeader = 16   // the couple, and the packet's number
	packetMost   = 4096 // bytes
	windowMost   = 8    // packets on their way, for which there is room anywhere
)

func (r *round) newEcho(number int) *echo {
	random := rand.New(rand.NewPCG(r.seed, uint64(number)<<16))
	c := &couple{round: r, number: number, ended: make(chan struct{})}
	c.network = []string{"udp4", "udp6", "unixgram", "unixpacket"}[random.IntN(4)]
	if c.network == "udp6" && !slices.ContainsFunc(r.listeners, func(l listening) bool { return l.network == "tcp6" }) {
		c.network = "udp4" // no IPv6
	}
	c.ours = random.IntN(4) > 0
	c.ln.ours = !c.ours || random.IntN(4) > 0
	c.faithful = random.IntN(5) < 3
	c.limits = random.IntN(3) == 0
	e := &echo{couple: c, total: 1 + random.IntN(300), all: make(chan struct{})}
	e.window = make(chan struct{}, 1+random.IntN(windowMost))
	e.back = make([]atomic.Bool, e.total)
	e.missing.Store(int64(e.total))
	e.connects = c.network == "unixpacket" || c.network != "unixgram" && random.IntN(2) == 0
	return e
}

// start makes the sockets, has them used, and closes them.
func (e *echo) start() {
	e.act(e.number, 1, e.String()+": owner", func(a *actor) {
		defer close(e.ended)
		if err := e.open(a); err != nil {
			if !e.round.closing.Load() {
				a.fail("opening: %v", err)
			}
		} else {
			e.live(a)
		}
		for _, c := range e.closers {
			c()
		}
	})
}

// open makes both sockets.
func (e *echo) open(a *actor) error {
	address := map[string]string{"udp4": "127.0.0.1:0", "udp6": "[::1]:0"}[e.network]
	name := func(i int) string {
		if address != "" {
			return address
		}
		return filepath.Join(e.dir, fmt.Sprintf("%d-%d", e.number, i))
	}
	if e.network == "unixpacket" {
		return e.openPackets(a, name(0))
	}
	far, err := e.listenPacket(a, e.ln.ours, name(1))
	if err != nil {
		return err
	}
	e.socks[1], e.far = far, far.LocalAddr()
	if e.connects {
		var c net.Conn
		if c, err = e.dialPacket(a, e.far.String()); err == nil {
			e.socks[0] = c.(packetConn)
		}
		return err
	}
	e.socks[0], err = e.listenPacket(a, e.ours, name(0))
	return err
}

func (e *echo) listenPacket(a *actor, ours bool, address string) (packetConn, error) {
	var c net.PacketConn
	var err error
	a.begin("ListenPacket", 0)
	if ours {
		lc := netpoller.ListenConfig{Poller: e.group(a.rand)}
		c, err = lc.ListenPacket(context.Background(), e.network, address)
	} else {
		c, err = net.ListenPacket(e.network, address)
	}
	a.end(0, err)
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, c.Close)
	return c.(packetConn), nil
}

func (e *echo) dialPacket(a *actor, address string) (c net.Conn, err error) {
	a.begin("Dial", 0)
	if e.ours {
		c, err = (&netpoller.Dialer{Poller: e.group(a.rand)}).Dial(e.network, address)
	} else {
		c, err = net.Dial(e.network, address)
	}
	a.end(0, err)
	if err == nil {
		e.closers = append(e.closers, c.Close)
	}
	return c, err
}

// openPackets makes a connection of packets.
func (e *echo) openPackets(a *actor, address string) (err error) {
	var ln net.Listener
	if e.ln.ours {
		lc := netpoller.ListenConfig{Poller: e.group(a.rand)}
		ln, err = lc.Listen(context.Background(), e.network, address)
	} else {
		ln, err = net.Listen(e.network, address)
	}
	if err != nil {
		return err
	}
	defer ln.Close()
	near, err := e.dialPacket(a, address)
	if err != nil {
		return err
	}
	e.socks[0] = near.(packetConn)
	far, err := ln.Accept()
	if err == nil {
		e.closers = append(e.closers, far.Close)
		e.socks[1] = far.(packetConn)
	}
	return err
}

// live has everybody use the sockets.
func (e *echo) live(a *actor) {
	e.drops = kernelDrops(a)
	var working, disturbing sync.WaitGroup
	role := 16
	run := func(group *sync.WaitGroup, what string, f func(*actor)) {
		group.Add(1)
		role++
		e.act(e.number, role, e.String()+": "+what, func(a *actor) {
			defer group.Done()
			f(a)
		})
	}
	for i, ours := range []bool{e.ours, e.ln.ours} {
		x := &end{couple: e.couple, conn: e.socks[i], number: i, done: make(chan struct{}), in: new(flow), out: new(flow)}
		if ours {
			x.api = e.socks[i].(api)
		}
		e.ends[i] = x
	}
	run(&working, "asker", e.ask)
	for i, f := range []func(*actor){e.hear, e.answer} {
		for range 1 + a.rand.IntN(2) {
			run(&working, []string{"hearer", "answerer"}[i], f)
		}
		for range a.rand.IntN(3) {
			run(&disturbing, "disturber", e.ends[i].disturb)
		}
		if !e.faithful && a.one(2) {
			run(&disturbing, "wrecker", e.ends[i].wreck)
		}
	}
	select {
	case <-e.all:
		if e.faithful {
			e.explain(a)
		}
	case <-e.dead:
	case <-e.ends[0].wildOver():
	}
	for _, x := range e.ends {
		x.in.ended.Store(true) // from which packets know no end
		x.closing.Store(true)
	}
	for _, x := range e.ends {
		x.close(a)
		close(x.done)
	}
	working.Wait()
	disturbing.Wait()
}

func (e *echo) check() {
	if e.round.closing.Load() {
		return
	}
	if n := e.missing.Load(); e.faithful && n > 0 {
		e.round.fail(fmt.Sprintf("%d packets are missing", n), e.String())
	}
	e.round.all.count("echoes", 1)
}

func (e *echo) done() chan struct{} { return e.ended }
