package chaos

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

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
	ends     [2]*end        // who asks, who answers
	socks    [2]packetConn  // theirs
	closers  []func() error // of what else is open
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
	c := &couple{round: r, number: number, rand: random, ended: make(chan struct{})}
	c.network = []string{"udp4", "udp6", "unixgram", "unixpacket"}[random.IntN(4)]
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

// packet returns the packet with a number: header, and a piece of the content.
func (e *echo) packet(n int) []byte {
	size := n * 7919 % (packetMost - packetHeader)
	p := binary.BigEndian.AppendUint64(make([]byte, 0, packetHeader+size), uint64(e.number))
	p = binary.BigEndian.AppendUint64(p, uint64(n))
	return append(p, content[n*31%period:][:size]...)
}

// numberOf returns the number of a packet that came, or -1 if it is none that was sent.
func (e *echo) numberOf(a *actor, p []byte) int {
	if len(p) < packetHeader {
		a.fail("a packet of %d bytes", len(p))
		return -1
	}
	n := int(binary.BigEndian.Uint64(p[8:]))
	if n < 0 || n >= e.total || !bytes.Equal(p, e.packet(n)) {
		a.fail("a packet of %d bytes that nobody has sent: %.40x", len(p), p)
		return -1
	}
	return n
}

// ask sends all packets.
func (e *echo) ask(a *actor) {
	for n := 0; n < e.total; {
		k := 0 // how many at once
		for k == 0 || k < e.total-n && len(e.window) < cap(e.window) && a.one(2) {
			if !e.room(a, n) {
				return
			}
			k++
		}
		var ps [][]byte
		for i := range k {
			ps = append(ps, e.packet(n+i))
		}
		if !e.send(a, 0, ps, e.far) {
			return
		}
		n += k
		a.pause()
	}
}

// room waits until one more packet may be sent.
func (e *echo) room(a *actor, n int) bool {
	for {
		select {
		case e.window <- struct{}{}:
			return true
		case <-e.ends[0].done:
			return false
		case <-time.After(10 * time.Second):
			if !e.lost(a, n) {
				return false
			}
		}
	}
}

// lost sends again what is missing of the first n, unless it may still come. A packet that
// is in a socket is not lost: if nobody ever takes it, the round hangs, and that is a failure.
func (e *echo) lost(a *actor, n int) bool {
	for _, s := range e.socks {
		raw, err := s.SyscallConn()
		if err != nil {
			return false
		}
		queued := 0
		_ = raw.Control(func(fd uintptr) { queued, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
		if queued > 0 {
			return true
		}
	}
	if e.network != "udp4" && e.network != "udp6" {
		return true // it waits for room, perhaps, and loses nothing
	}
	a.done.others["UDP packets sent again"]++
	for i := range n {
		if !e.back[i].Load() && !e.send(a, 0, [][]byte{e.packet(i)}, e.far) {
			return false
		}
	}
	return true
}

// hear takes the packets that come back.
func (e *echo) hear(a *actor) {
	e.receive(a, 0, func(p []byte, from net.Addr) bool {
		n := e.numberOf(a, p)
		switch {
		case n < 0:
			return false
		case e.network[:3] == "udp" && from != nil && from.String() != e.far.String():
			a.fail("a packet from %v, not %v", from, e.far)
			return false
		case e.back[n].Swap(true):
			if e.network[:3] != "udp" {
				a.fail("packet %d came back twice", n)
			}
			return true
		}
		<-e.window
		if e.missing.Add(-1) == 0 {
			close(e.all)
		}
		return true
	})
}

// answer sends back what comes.
func (e *echo) answer(a *actor) {
	e.receive(a, 1, func(p []byte, from net.Addr) bool {
		if e.numberOf(a, p) < 0 {
			return false
		}
		if e.connects && e.network == "unixpacket" {
			from = nil
		}
		return e.send(a, 1, [][]byte{bytes.Clone(p)}, from)
	})
}

// receive reads packets until the socket is closed, or got returns false.
func (e *echo) receive(a *actor, i int, got func(p []byte, from net.Addr) bool) {
	x := e.ends[i]
	for {
		ps, from, err := e.readPackets(a, i)
		if err != nil {
			if k := kind(err); !e.faithful && k == "refused" {
				continue
			}
			if !x.again(a, "reading a packet", err) {
				return
			}
			continue
		}
		for k, p := range ps {
			if !got(p, from[k]) {
				return
			}
		}
		a.pause()
	}
}

// readPackets reads one or more, in one of many ways.
func (e *echo) readPackets(a *actor, i int) (ps [][]byte, from []net.Addr, err error) {
	x := e.ends[i]
	ways := packetReads[e.network[:4]]
	switch {
	case x.api == nil:
		ways = packetReads["net"]
	case (i == 0 || e.network == "unixpacket") && e.connects && a.one(2):
		ways = packetReads["connected"]
	}
	way := ways[a.rand.IntN(len(ways))]
	if x.api != nil && a.one(8) {
		x.notified(a)
	}
	a.begin(way.name, 0)
	ps, from, err = way.do(x, a)
	a.end(int64(len(ps)), err)
	return ps, from, err
}

// send writes packets, in one of many ways, as often as deadlines end it.
func (e *echo) send(a *actor, i int, ps [][]byte, to net.Addr) bool {
	x := e.ends[i]
	if i == 0 && e.connects {
		to = nil
	}
	for len(ps) > 0 {
		way := e.sendingWay(a, x, to)
		a.begin(way.name, len(ps))
		n, err := way.do(x, a, ps, to)
		a.end(int64(n), err)
		if err == nil && (n < 1 || n > len(ps)) {
			a.fail("%s: %d of %d", way.name, n, len(ps))
			return false
		}
		ps = ps[n:]
		if k := kind(err); err != nil && !e.faithful && (k == "refused" || k == "no such file") {
			return true
		}
		if err != nil && !x.again(a, "writing a packet", err) {
			return false
		}
	}
	return true
}
