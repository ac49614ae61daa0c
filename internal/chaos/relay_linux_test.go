package chaos

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
)

// relayFrom copies between a connection and one that it dials, both ways: within the kernel
// where that is possible. The data that it has read must arrive, so that nothing limits its writes.
func (c *couple) relayFrom(a *actor, near net.Conn) {
	far := c.dialTo(a, context.Background(), *c.relay, true)
	if far == nil || !c.introduce(a, far, uint64(c.number)|relayed) {
		near.Close()
		if far != nil {
			far.Close()
		}
		return
	}
	ends := []*end{c.newEnd(near, true, 0), c.newEnd(far, true, 1)}
	var copying, disturbing sync.WaitGroup
	for i, src := range ends {
		copying.Add(1)
		disturbing.Add(1)
		c.act(c.number, 200+i, c.String()+": relay", func(a *actor) {
			defer copying.Done()
			src.copyTo(a, ends[1-i])
		})
		c.act(c.number, 202+i, c.String()+": disturber of the relay", func(a *actor) {
			defer disturbing.Done()
			src.disturbRelay(a)
		})
	}
	done := make(chan struct{})
	go func() {
		copying.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-c.dead:
	case <-ends[0].wildOver():
	}
	for _, e := range ends {
		e.close(a)
		close(e.done)
	}
	<-done
	disturbing.Wait()
}

// copyTo copies all that e's peer sends.
func (e *end) copyTo(a *actor, dst *end) {
	for {
		way := copies[a.rand.IntN(len(copies))]
		limit := int64(0)
		if way.limited {
			limit = int64(a.size(1 << 20))
		}
		a.begin(way.name, int(limit))
		n, err := way.do(dst.conn, e.conn, limit)
		a.end(n, err)
		switch {
		case err == nil && (!way.limited || n < limit):
			_ = dst.conn.(interface{ CloseWrite() error }).CloseWrite()
			return
		case err == nil:
		case kind(err) == "deadline" && e.timed.Load():
			_ = e.conn.SetReadDeadline(time.Time{})
		default:
			if k := kind(err); k != "closed" || !e.closing.Load() && !dst.closing.Load() {
				e.judge(a, way.name, err)
			}
			e.close(a)
			dst.close(a)
			return
		}
	}
}

var copies = []struct {
	name    string
	limited bool
	do      func(dst, src net.Conn, limit int64) (int64, error)
}{
	{"io.Copy", false, func(dst, src net.Conn, _ int64) (int64, error) { return io.Copy(dst, src) }},
	{"io.CopyN", true, func(dst, src net.Conn, limit int64) (int64, error) {
		n, err := io.CopyN(dst, src, limit)
		if err == io.EOF {
			err = nil
		}
		return n, err
	}},
	{"io.Copy through a buffer", false, func(dst, src net.Conn, _ int64) (int64, error) {
		return io.Copy(struct{ io.Writer }{dst}, struct{ io.Reader }{src})
	}},
	{"io.Copy of TimeoutConns", false, func(dst, src net.Conn, _ int64) (int64, error) {
		return io.Copy(netpoller.WithTimeout(dst, 0, 0), netpoller.WithTimeout(src, 0, 0))
	}},
}

// disturbRelay sets deadlines of Reads.
func (e *end) disturbRelay(a *actor) {
	for range a.rand.IntN(30) {
		select {
		case <-e.done:
			return
		case <-e.dead:
			return
		default:
		}
		e.timed.Store(true)
		a.begin("SetReadDeadline", 0)
		err := e.conn.SetReadDeadline(a.deadline())
		a.end(0, err)
		e.api.PeerClosed()
		e.notified(a)
		a.sleep(a.shortly())
	}
}
