package chaos

import (
	"context"
	"syscall"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// deadline is one of all kinds.
func (a *actor) deadline() time.Time {
	switch a.rand.IntN(6) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(1, 0)
	case 2:
		return time.Now().Add(time.Hour)
	case 3:
		return time.Now().Round(0).Add(a.shortly())
	case 4:
		return time.Unix(1<<60, 0)
	}
	return time.Now().Add(a.shortly())
}

// disturb does what takes nothing from the stream and adds nothing to it.
func (e *end) disturb(a *actor) {
	for range 1 + a.rand.IntN(200) {
		select {
		case <-e.done:
			return
		case <-e.dead:
			return
		case <-e.wildOver():
			return
		default:
		}
		d := &disturbances[a.rand.IntN(len(disturbances))]
		if e.api == nil && !d.net || e.api != nil && d.lends && !e.lends || d.urgent && !e.urgent {
			continue
		}
		a.begin(d.name, 0)
		err := d.do(e, a)
		a.end(0, err)
		switch kind(err) {
		case "", "canceled", "context deadline":
		default:
			if !e.judge(a, d.name, err) {
				return
			}
		}
		a.pause()
	}
}

// A disturbance is something that an operation of another goroutine must survive.
type disturbance struct {
	name   string
	net    bool // package net's connections have it, too
	lends  bool // it gives the descriptor out
	urgent bool // it sends urgent data
	do     func(e *end, a *actor) error
}

var disturbances = []disturbance{
	{"SetDeadline", true, false, false, func(e *end, a *actor) error {
		e.timed.Store(true)
		return e.conn.SetDeadline(a.deadline())
	}},
	{"SetReadDeadline", true, false, false, func(e *end, a *actor) error {
		e.timed.Store(true)
		return e.conn.SetReadDeadline(a.deadline())
	}},
	{"SetWriteDeadline", true, false, false, func(e *end, a *actor) error {
		e.timed.Store(true)
		return e.conn.SetWriteDeadline(a.deadline())
	}},
	{"WithTimeout", false, false, false, func(e *end, a *actor) error {
		if e.limits {
			e.timed.Store(true)
			netpoller.WithTimeout(e.api, e.limit(a), e.limit(a))
		}
		return nil
	}},
	{"PeerClosed", false, false, false, func(e *end, a *actor) error {
		if e.api.PeerClosed() && e.faithful && !e.in.ended.Load() && !e.round.closing.Load() && !e.closing.Load() {
			a.fail("PeerClosed, and it has not")
		}
		return nil
	}},
	{"short WaitReadable", false, false, false, func(e *end, a *actor) error {
		ctx, cancel := context.WithTimeout(context.Background(), a.shortly())
		defer cancel()
		return a.ofContext(ctx, e.api.WaitReadable(ctx))
	}},
	{"short WaitWritable", false, false, false, func(e *end, a *actor) error {
		ctx, cancel := context.WithTimeout(context.Background(), a.shortly())
		defer cancel()
		return a.ofContext(ctx, e.api.WaitWritable(ctx))
	}},
	{"NotifyReadable", false, false, false, func(e *end, a *actor) error { e.notified(a); return nil }},
	{"SetReadBuffer", false, false, false, func(e *end, a *actor) error {
		// Into much less room, the kernel lets a segment of the loopback interface only now and then.
		return e.api.SetReadBuffer(1<<18 + a.size(1<<20))
	}},
	{"SetWriteBuffer", false, false, false, func(e *end, a *actor) error { return e.api.SetWriteBuffer(a.size(1 << 20)) }},
	{"SetNoDelay and SetKeepAliveConfig", false, false, false, func(e *end, a *actor) error {
		c, ok := e.api.(*netpoller.TCPConn)
		if !ok {
			return nil
		}
		if err := c.SetNoDelay(false); err != nil {
			return err
		}
		if err := c.SetNoDelay(true); err != nil {
			return err
		}
		_, _ = c.MultipathTCP()
		return c.SetKeepAliveConfig(netpoller.KeepAliveConfig{Enable: a.one(2), Idle: time.Hour})
	}},
	{"RawConn.Control", true, true, false, func(e *end, a *actor) error {
		raw, err := e.conn.(syscall.Conn).SyscallConn()
		if err != nil {
			return err
		}
		return raw.Control(func(uintptr) {})
	}},
	{"File", false, true, false, func(e *end, a *actor) error {
		f, err := e.api.File()
		if err != nil {
			return err
		}
		defer f.Close()
		if a.one(3) {
			f.Fd() // which makes the socket blocking
		}
		c, err := netpoller.FileConn(f)
		if err != nil {
			return err
		}
		if a.one(2) {
			_ = c.SetDeadline(a.deadline()) // of its own
		}
		return c.Close()
	}},
	{"urgent byte", true, true, true, func(e *end, a *actor) error {
		raw, err := e.conn.(syscall.Conn).SyscallConn()
		if err != nil {
			return err
		}
		return raw.Control(func(fd uintptr) {
			_ = syscall.Sendto(int(fd), []byte{urgent}, syscall.MSG_OOB|syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, nil)
		})
	}},
}

// wreck ends the connection at some time, in some way.
func (e *end) wreck(a *actor) {
	a.sleep(time.Duration(a.rand.IntN(int(50 * time.Millisecond))))
	for range 1 + a.rand.IntN(3) {
		w := &wrecks[a.rand.IntN(len(wrecks))]
		if w.closes {
			e.closing.Store(true)
		}
		a.begin(w.name, 0)
		err := w.do(e)
		a.end(0, err)
		if err != nil && !e.judge(a, w.name, err) {
			return
		}
		a.pause()
	}
}

var wrecks = []struct {
	name   string
	closes bool
	do     func(e *end) error
}{
	{"wreck: Close", true, func(e *end) error { return e.conn.Close() }},
	{"wreck: CloseRead", false, func(e *end) error {
		if c, ok := e.conn.(interface{ CloseRead() error }); ok {
			return c.CloseRead()
		}
		return nil
	}},
	{"wreck: CloseWrite", false, func(e *end) error {
		if c, ok := e.conn.(interface{ CloseWrite() error }); ok {
			return c.CloseWrite()
		}
		return nil
	}},
	{"wreck: reset", true, func(e *end) error {
		c := e.conn
		if e.api != nil {
			c = e.api // and not the TimeoutConn over it
		}
		if c, ok := c.(interface{ SetLinger(int) error }); ok {
			_ = c.SetLinger(0)
		}
		return c.Close()
	}},
}
