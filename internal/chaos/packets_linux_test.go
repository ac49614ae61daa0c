package chaos

import (
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// This file is what the actors of an echo do: packets with numbers, there and back.

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
	for {
		select {
		case <-e.all:
			return
		case <-e.ends[0].done:
			return
		case <-time.After(10 * time.Second):
			if !e.lost(a, e.total) {
				return
			}
		}
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
	for i := range n {
		if e.back[i].Load() {
			continue
		}
		a.done.others["UDP packets sent again"]++
		e.again.Add(1)
		if !e.send(a, 0, [][]byte{e.packet(i)}, e.far) {
			return false
		}
	}
	return true
}

// explain waits for those packets that were sent again for nothing. If some are lost, the
// kernel must have dropped one: otherwise it was taken and thrown away.
func (e *echo) explain(a *actor) {
	for range 60 {
		if e.again.Load() <= e.twice.Load() {
			return
		}
		a.sleep(time.Second)
	}
	if e.round.closing.Load() {
		return
	}
	a.done.others["UDP packets lost"] += e.again.Load() - e.twice.Load()
	if kernelDrops(a) == e.drops {
		a.fail("%d packets sent again, %d came twice, and the kernel has dropped none", e.again.Load(), e.twice.Load())
	}
}

// kernelDrops is how many packets the kernel has dropped for want of room, of anybody's.
func kernelDrops(a *actor) (n int64) {
	fields := func(file string) [][]string {
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) { // as where there is no IPv6
			a.fail("%v", err)
		}
		var lines [][]string
		for line := range strings.Lines(string(text)) {
			lines = append(lines, strings.Fields(line))
		}
		return lines
	}
	for _, f := range fields("/proc/net/softnet_stat") { // the queue of a processor
		dropped, _ := strconv.ParseInt(f[1], 16, 64)
		n += dropped
	}
	for _, f := range fields("/proc/net/snmp") { // that of a socket: InErrors of IPv4
		if f[0] == "Udp:" {
			errors, _ := strconv.ParseInt(f[3], 10, 64) // or the name of the column
			n += errors
		}
	}
	for _, f := range fields("/proc/net/snmp6") {
		if f[0] == "Udp6InErrors" {
			errors, _ := strconv.ParseInt(f[1], 10, 64)
			n += errors
		}
	}
	return n
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
			e.twice.Add(1)
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
