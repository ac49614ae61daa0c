package chaos

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// write sends what the flow has left.
func (e *end) write(a *actor) {
	for e.out.left.Load() > 0 && !e.gone() {
		n := int64(a.size(e.most))
		if left := e.out.left.Add(-n); left < 0 {
			n += left
			e.out.left.Store(0)
		}
		for n > 0 {
			sent, err := e.writeOnce(a, int(n))
			n -= int64(sent)
			if err != nil && !e.again(a, "write", err) {
				return
			}
		}
		if !e.faithful && a.one(200) { // no more, and perhaps not even an end
			if a.one(2) {
				a.await(e.over)
			}
			return
		}
		a.pause()
	}
}

// gone reports whether the end is to be left.
func (e *end) gone() bool {
	select {
	case <-e.dead:
		return true
	case <-e.wildOver():
		return true
	default:
		return false
	}
}

// again judges an error, and takes a deadline away that was the cause.
func (e *end) again(a *actor, op string, err error) bool {
	switch kind(err) {
	case "canceled", "context deadline": // which who made the context has judged
		return !e.gone()
	}
	if !e.judge(a, op, err) {
		return false
	}
	if err := e.conn.SetDeadline(time.Time{}); err != nil {
		e.judge(a, "SetDeadline", err)
		return false
	}
	if e.api != nil && e.limits && a.one(4) {
		netpoller.WithTimeout(e.api, e.limit(a), e.limit(a))
	}
	return !e.gone()
}

// writeOnce writes up to n bytes, in one of many ways.
func (e *end) writeOnce(a *actor, n int) (int, error) {
	p := content[a.rand.IntN(period):][:min(n, period)]
	if e.ordered {
		e.out.w.Lock()
		defer e.out.w.Unlock()
		p = content[e.out.place(e.out.sent.n.Load()):][:min(n, period)]
	}
	way := &netWrites[a.rand.IntN(len(netWrites))]
	if e.api != nil {
		way = &writes[a.rand.IntN(len(writes))]
		if way.lends && !e.lends {
			way = &writes[0]
		}
	}
	a.begin(way.name, len(p))
	n, err := way.do(e, a, p)
	a.end(int64(n), err)
	if n < 0 || n > len(p) || err == nil && n < len(p) {
		a.fail("%s of %d bytes: %d, %v", way.name, len(p), n, err)
		n = 0
	}
	if e.ordered {
		e.out.sent.n.Add(int64(n))
	} else {
		e.out.sent.add(p[:n])
	}
	return n, err
}

// A way is one to read or to write.
type way struct {
	name  string
	lends bool // it gives the descriptor out
	do    func(e *end, a *actor, p []byte) (int, error)
}

// netWrites are the ways of package net's connections.
var netWrites = []way{
	{"net.Write", false, func(e *end, a *actor, p []byte) (int, error) { return e.conn.Write(p) }},
	{"net.Write in two", false, func(e *end, a *actor, p []byte) (int, error) {
		k := a.rand.IntN(len(p) + 1)
		n, err := e.conn.Write(p[:k])
		if err != nil {
			return n, err
		}
		a.pause()
		m, err := e.conn.Write(p[k:])
		return n + m, err
	}},
	{"net.Write of bytes", false, func(e *end, a *actor, p []byte) (n int, err error) {
		for ; n < min(len(p), 20) && err == nil; n++ {
			if _, err = e.conn.Write(p[n : n+1]); err != nil {
				return n, err
			}
		}
		m, err := e.conn.Write(p[n:])
		return n + m, err
	}},
}

var writes = []way{
	{"Write", false, func(e *end, a *actor, p []byte) (int, error) { return e.conn.Write(p) }},
	{"WriteContext", false, func(e *end, a *actor, p []byte) (int, error) {
		ctx, cancel := a.context()
		defer cancel()
		n, err := e.api.WriteContext(ctx, p)
		return n, a.ofContext(ctx, err)
	}},
	{"WaitWritable", false, func(e *end, a *actor, p []byte) (int, error) {
		ctx, cancel := a.context()
		defer cancel()
		if err := e.api.WaitWritable(ctx); err != nil {
			return 0, a.ofContext(ctx, err)
		}
		return e.conn.Write(p)
	}},
	{"Buffers.WriteTo", false, func(e *end, a *actor, p []byte) (int, error) {
		var v netpoller.Buffers
		for rest := p; len(rest) > 0 && len(v) < 2000; {
			k := min(a.size(len(p))-1, len(rest)) // empty ones, too
			if len(v) == 1999 {
				k = len(rest)
			}
			v = append(v, rest[:k])
			rest = rest[k:]
		}
		n, err := v.WriteTo(e.api)
		return int(n), err
	}},
	{"ReadFrom", false, func(e *end, a *actor, p []byte) (int, error) {
		w, ok := e.conn.(io.ReaderFrom)
		if !ok {
			return e.conn.Write(p)
		}
		n, err := w.ReadFrom(&chunks{p, a})
		return int(n), err
	}},
	{"ReadFrom of a file", false, func(e *end, a *actor, p []byte) (int, error) {
		w, ok := e.conn.(io.ReaderFrom)
		if !ok {
			return e.conn.Write(p)
		}
		f, err := os.Open(contentFile)
		if err != nil {
			a.fail("%v", err)
		}
		defer f.Close()
		place := cap(content[:]) - cap(p)
		if _, err := f.Seek(int64(place), io.SeekStart); err != nil {
			a.fail("%v", err)
		}
		n, err := w.ReadFrom(io.LimitReader(f, int64(len(p))))
		return int(n), err
	}},
	{"RawConn.Write", true, func(e *end, a *actor, p []byte) (n int, err error) {
		raw, err := e.api.SyscallConn()
		if err != nil {
			return 0, err
		}
		var werr error
		err = raw.Write(func(fd uintptr) bool {
			n, werr = syscall.SendmsgN(int(fd), p, nil, nil, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
			return werr != syscall.EAGAIN
		})
		if err == nil {
			err = werr
		}
		n = max(n, 0)
		if err == nil && n < len(p) {
			m, err := e.conn.Write(p[n:])
			return n + m, err
		}
		return n, err
	}},
}

// chunks is a reader that gives a little at a time.
type chunks struct {
	p []byte
	a *actor
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.p) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.p[:c.a.size(len(c.p))])
	c.p = c.p[n:]
	return n, nil
}

// context returns a context that ends soon, or never.
func (a *actor) context() (context.Context, context.CancelFunc) {
	switch a.rand.IntN(4) {
	case 0:
		return context.WithCancel(context.Background())
	case 1:
		return context.WithTimeout(context.Background(), a.shortly())
	case 2:
		ctx, cancel := context.WithCancel(context.Background())
		stop := time.AfterFunc(a.shortly(), cancel)
		return ctx, func() { stop.Stop(); cancel() }
	}
	return context.Background(), func() {}
}

// ofContext fails if a context is the cause of an error, and has not ended.
func (a *actor) ofContext(ctx context.Context, err error) error {
	if k := kind(err); ctx.Err() == nil && (k == "canceled" || k == "context deadline") {
		a.fail("%v, and the context has not ended", err)
	}
	return err
}

// read takes what comes until the end.
func (e *end) read(a *actor) {
	most := e.most
	if e.in.total > 5000 {
		most = max(most, int(e.in.total/500))
	}
	buf := make([]byte, most)
	for {
		if !e.faithful && a.one(100) { // never again
			a.await(e.over)
			return
		}
		err := e.readOnce(a, buf[:a.size(len(buf))])
		if kind(err) == "EOF" && e.api != nil && !e.api.PeerClosed() {
			a.fail("the end was read, and PeerClosed is false")
		}
		if err != nil && !e.again(a, "read", err) {
			return
		}
		a.pause()
	}
}

// readOnce reads once, in one of many ways.
func (e *end) readOnce(a *actor, p []byte) error {
	if e.ordered {
		e.in.r.Lock()
		defer e.in.r.Unlock()
	}
	way := &netRead
	if e.api != nil {
		way = &reads[a.rand.IntN(len(reads))]
		if way.lends && !e.lends {
			way = &reads[0]
		}
	}
	a.begin(way.name, len(p))
	n, err := way.do(e, a, p)
	a.end(int64(n), err)
	if n < 0 || n > len(p) || n > 0 && err != nil {
		a.fail("%s of %d bytes: %d, %v", way.name, len(p), n, err)
		return err
	}
	e.in.receive(a, p[:n])
	return err
}

var netRead = way{"net.Read", false, func(e *end, a *actor, p []byte) (int, error) { return e.conn.Read(p) }}

var reads = []way{
	{"Read", false, func(e *end, a *actor, p []byte) (int, error) {
		n, err := e.conn.Read(p)
		if n == 0 && err == nil {
			a.fail("Read of %d bytes: 0, nil", len(p))
		}
		return n, err
	}},
	{"Read of nothing", false, func(e *end, a *actor, p []byte) (int, error) { return e.conn.Read(nil) }},
	{"ReadContext", false, func(e *end, a *actor, p []byte) (int, error) {
		ctx, cancel := a.context()
		defer cancel()
		n, err := e.api.ReadContext(ctx, p)
		return n, a.ofContext(ctx, err)
	}},
	{"WaitReadable", false, func(e *end, a *actor, p []byte) (int, error) {
		ctx, cancel := a.context()
		defer cancel()
		if err := e.api.WaitReadable(ctx); err != nil {
			return 0, a.ofContext(ctx, err)
		}
		return e.conn.Read(p)
	}},
	{"NotifyReadable", false, func(e *end, a *actor, p []byte) (int, error) {
		e.notified(a)
		return e.conn.Read(p)
	}},
	{"RawConn.Read", true, func(e *end, a *actor, p []byte) (n int, err error) {
		raw, err := e.api.SyscallConn()
		if err != nil {
			return 0, err
		}
		var rerr error
		err = raw.Read(func(fd uintptr) bool {
			for range 3 { // at the place of an urgent byte, a signal is a reason for EAGAIN
				n, _, rerr = syscall.Recvfrom(int(fd), p, syscall.MSG_DONTWAIT)
				if rerr != syscall.EAGAIN {
					return true
				}
			}
			return false
		})
		switch {
		case err != nil:
		case rerr != nil:
			err = rerr
		case n == 0:
			err = io.EOF
		}
		return max(n, 0), err
	}},
}

// notified waits for a notification, or stops it after a while.
func (e *end) notified(a *actor) {
	e.notifies.Lock() // a second one panics
	defer e.notifies.Unlock()
	told := make(chan struct{})
	var times atomic.Int32
	stop := e.api.NotifyReadable(func() {
		if times.Add(1) > 1 {
			a.fail("a notification was delivered twice")
			return
		}
		close(told)
	})
	if a.one(2) {
		<-told
		if stop() {
			a.fail("a notification was delivered, and then stopped")
		}
		return
	}
	a.sleep(a.shortly())
	if !stop() {
		<-told
		return
	}
	if stop() {
		a.fail("a notification was stopped twice")
	}
	a.afterwards(func() {
		select {
		case <-told:
			a.fail("a notification was stopped, and then delivered")
		default:
		}
	})
}
