package chaos

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// A listening is a listener to which couples dial.
type listening struct {
	net.Listener
	network string
	ours    bool
	timed   *atomic.Bool // a deadline was set
	closed  *atomic.Bool
}

func (l listening) close() {
	l.closed.Store(true)
	l.Listener.Close()
}

// listen opens listeners of every network, ours and package net's.
func (r *round) listen() {
	for i, network := range []string{"tcp4", "tcp6", "unix"} {
		for _, ours := range []bool{true, false} {
			address := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network]
			if network == "unix" {
				address = filepath.Join(r.dir, fmt.Sprint(ours))
			}
			var ln net.Listener
			var err error
			if ours {
				lc := netpoller.ListenConfig{Poller: r.group(r.rand)}
				ln, err = lc.Listen(context.Background(), network, address)
			} else {
				ln, err = net.Listen(network, address)
			}
			if err != nil && network == "tcp6" {
				continue // no IPv6
			}
			if err != nil {
				r.t.Fatal(err)
			}
			l := listening{ln, network, ours, new(atomic.Bool), new(atomic.Bool)}
			r.listeners = append(r.listeners, l)
			for k := range 1 + r.rand.IntN(2) {
				r.act(i, k, fmt.Sprintf("listener %s ours=%t, acceptor", network, ours), l.accept)
			}
			if ours && r.rand.IntN(2) == 0 {
				r.act(i, 9, fmt.Sprintf("listener %s, disturber", network), l.disturb)
			}
		}
	}
}

// accept hands connections to the couples that they belong to.
func (l listening) accept(a *actor) {
	for i := 0; ; i++ {
		a.begin("Accept", 0)
		c, err := l.Accept()
		a.end(0, err)
		switch kind(err) {
		case "":
			a.act(i<<8, 7, "listener, greeter", func(a *actor) { a.greet(c, l.ours) })
			continue
		case "deadline":
			if !l.timed.Load() {
				a.fail("deadline without one")
			}
			l.Listener.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{})
			continue
		case "closed":
			if l.closed.Load() || a.closing.Load() {
				return
			}
		}
		a.fail("Accept: %v", err)
		return
	}
}

// disturb sets deadlines.
func (l listening) disturb(a *actor) {
	for !l.closed.Load() && !a.closing.Load() {
		l.timed.Store(true)
		a.begin("Listener.SetDeadline", 0)
		err := l.Listener.(interface{ SetDeadline(time.Time) error }).SetDeadline(a.deadline())
		a.end(0, err)
		a.sleep(10 * a.shortly())
	}
}

// relayed is set in the number of a couple that a relay introduces.
const relayed = 1 << 63

// greet reads the number of the couple, and hands the connection over.
func (a *actor) greet(c net.Conn, ours bool) {
	var number [8]byte
	if _, err := io.ReadFull(c, number[:]); err != nil {
		c.Close() // it has given up
		return
	}
	n := binary.BigEndian.Uint64(number[:])
	if couple := a.couples[n&^relayed-1]; n&relayed != 0 {
		couple.relayed <- c
	} else {
		couple.arrived <- c
	}
}
