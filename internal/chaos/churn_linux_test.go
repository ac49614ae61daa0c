package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A churn dials where nobody answers, and opens and closes listeners.
type churn struct {
	*round
	number int
	ended  chan struct{}
}

func (r *round) newChurn(number int) *churn { return &churn{r, number, make(chan struct{})} }

func (c *churn) done() chan struct{} { return c.ended }
func (c *churn) check()              {}

func (c *churn) start() {
	c.act(c.number, 1, fmt.Sprintf("churn %d", c.number), func(a *actor) {
		defer close(c.ended)
		for range 1 + a.rand.IntN(30) {
			select {
			case <-c.dead:
				return
			default:
			}
			if a.one(3) {
				c.openAndClose(a)
			} else {
				c.dialNobody(a)
			}
		}
	})
}

// Addresses at which dials end in ways of their own. The last ones have an address of
// either family, which race.
var (
	hanging, refusing        string
	bothHanging, bothRefused string
	resolver                 *net.Resolver
)

func makeAddresses(t *testing.T) {
	hanging, refusing = nettest.Hang(t, "tcp4"), nettest.Refuse(t, "tcp4")
	names := map[string][]string{"both.test.": {"127.0.0.1", "::1"}}
	if ln, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		names["both.test."] = []string{"127.0.0.1"}
		bothHanging, bothRefused = hanging, refusing
	} else {
		ln.Close()
		four, _ := nettest.BindBoth(t)
		bothRefused = fmt.Sprintf("both.test.:%d", four.Addr.Port)
		four, _ = nettest.BindBoth(t)
		four.Hang(t)
		bothHanging = fmt.Sprintf("both.test.:%d", four.Addr.Port)
	}
	resolver = nettest.NewDNS(t, names).Resolver(nil)
}

// dialNobody dials, until it is refused or given up.
func (c *churn) dialNobody(a *actor) {
	network, address, refused := "tcp4", refusing, syscall.ECONNREFUSED
	switch a.rand.IntN(5) {
	case 0:
		network, address, refused = "unix", filepath.Join(c.dir, "nobody"), syscall.ENOENT
	case 1:
		address, refused = hanging, 0
	case 2:
		network, address = "tcp", bothRefused
	case 3:
		network, address, refused = "tcp", bothHanging, 0
	}
	d := &netpoller.Dialer{Poller: c.group(a.rand), Resolver: resolver, FallbackDelay: a.shortly()}
	if a.one(4) {
		d.Control = func(_, _ string, c syscall.RawConn) error { return c.Control(func(uintptr) {}) }
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch {
	case a.one(2):
		d.Timeout = a.shortly()
	case a.one(2):
		ctx, cancel = context.WithTimeout(ctx, a.shortly())
		defer cancel()
	default:
		defer time.AfterFunc(a.shortly(), cancel).Stop()
	}
	a.begin("dial nobody", int(refused))
	conn, err := d.DialContext(ctx, network, address)
	a.end(0, err)
	var timeout net.Error
	switch k := kind(err); {
	case err == nil:
		conn.Close()
		a.fail("an answer at %s", address)
	case c.closing.Load(), refused != 0 && errors.Is(err, refused):
	case address == bothHanging && k == "refused": // by the family that was tried first
	case k == "canceled" && ctx.Err() == context.Canceled:
	case errors.As(err, &timeout) && timeout.Timeout() && (d.Timeout > 0 || ctx.Err() != nil):
	case k == "context deadline" && errors.As(err, &timeout) && timeout.Timeout():
	default:
		a.fail("dialing %s: %v", address, err)
	}
}

// openAndClose listens, has some goroutines accept and dial, and closes amid that.
func (c *churn) openAndClose(a *actor) {
	network, address := "tcp", "127.0.0.1:0"
	if a.one(2) {
		network, address = "unix", filepath.Join(c.dir, fmt.Sprintf("churn%d-%d", c.number, a.rand.Uint32()))
	}
	lc := netpoller.ListenConfig{Poller: c.group(a.rand), Backlog: a.rand.IntN(10), ReusePort: network == "tcp"}
	a.begin("Listen", 0)
	ln, err := lc.Listen(context.Background(), network, address)
	a.end(0, err)
	if err != nil {
		if !c.closing.Load() {
			a.fail("listening: %v", err)
		}
		return
	}
	var all sync.WaitGroup
	l := &brief{Listener: ln}
	for i := range 1 + a.rand.IntN(3) {
		for k, f := range []func(*actor, *brief){c.acceptSome, c.dialSome} {
			all.Add(1)
			c.act(c.number, a.rand.IntN(1<<16), fmt.Sprintf("churn %d, %d, %d", c.number, i, k), func(a *actor) {
				defer all.Done()
				f(a, l)
			})
		}
	}
	a.sleep(a.shortly())
	if a.one(4) {
		c.listenTwice(a, ln)
	}
	l.over.Store(true)
	a.begin("Listener.Close", 0)
	err = ln.Close()
	a.end(0, err)
	if err != nil {
		a.fail("closing a listener: %v", err)
	}
	all.Wait()
}

// A brief listener is one that is soon closed.
type brief struct {
	net.Listener
	timed atomic.Bool // a deadline was set
	over  atomic.Bool // a goroutine closes it
}

// acceptSome accepts until the listener is closed.
func (c *churn) acceptSome(a *actor, ln *brief) {
	for {
		if a.one(4) {
			ln.timed.Store(true)
			_ = ln.Listener.(interface{ SetDeadline(time.Time) error }).SetDeadline(a.deadline())
		}
		a.begin("Accept", 0)
		conn, err := ln.Accept()
		a.end(0, err)
		switch k := kind(err); {
		case err == nil:
			conn.Close()
		case k == "deadline" && ln.timed.Load():
			_ = ln.Listener.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{})
		case k == "closed" && ln.over.Load():
			return
		default:
			if !c.closing.Load() {
				a.fail("accepting: %v", err)
			}
			return
		}
	}
}

// dialSome dials until the listener is gone, and then some more.
func (c *churn) dialSome(a *actor, ln *brief) {
	for range a.rand.IntN(20) {
		d := &netpoller.Dialer{Poller: c.group(a.rand), Timeout: 50 * time.Millisecond}
		ctx, cancel := a.context()
		a.begin("dial a churn", 0)
		conn, err := d.DialContext(ctx, ln.Addr().Network(), ln.Addr().String())
		a.end(0, err)
		ended := ctx.Err()
		cancel()
		switch k := kind(err); {
		case err == nil:
			if tcp, ok := conn.(*netpoller.TCPConn); ok && a.one(2) {
				_ = tcp.SetLinger(0)
			}
			if c.collects && a.one(8) {
				a.done.others["connections forgotten"]++
				continue // another goroutine is to close it
			}
			conn.Close()
		case (k == "refused" || k == "no such file" || k == "reset") && ln.over.Load():
		case k == "would block": // a Unix listener's queue is full
		case k == "canceled" && ended == context.Canceled:
		case k == "context deadline": // that of the context, or Timeout
		default:
			if !c.closing.Load() {
				a.fail("dialing a listener: %v", err)
			}
			return
		}
	}
}

// listenTwice makes a listener of another one's descriptor, and closes it.
func (c *churn) listenTwice(a *actor, ln net.Listener) {
	f, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		if !c.closing.Load() {
			a.fail("a listener's file: %v", err)
		}
		return
	}
	defer f.Close()
	a.begin("FileListener", 0)
	second, err := netpoller.FileListener(f)
	a.end(0, err)
	if err != nil {
		a.fail("a listener of a file: %v", err)
		return
	}
	_ = second.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(a.shortly()))
	if conn, err := second.Accept(); err == nil {
		conn.Close()
	}
	if err := second.Close(); err != nil {
		a.fail("closing a listener of a file: %v", err)
	}
}
