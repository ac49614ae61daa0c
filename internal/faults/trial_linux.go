package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller"
)

// A stack is the network as the program sees it.
type stack struct {
	listen       func(network, address string) (net.Listener, error)
	listenPacket func(network, address string) (net.PacketConn, error)
	dial         func(network, address string) (net.Conn, error)
	fileConn     func(*os.File) (net.Conn, error)
	writev       func(c net.Conn, v [][]byte) (int64, error)

	// epolls is how many epoll instances it keeps: one for each group, and one for what
	// cannot be watched by a nested one.
	epolls int
}

// dialLimit is for a dial that nothing would end: an interrupted connect that was never
// made, say.
const dialLimit = 2 * time.Second

func stacks() map[string]func() stack {
	return map[string]func() stack{
		"net": func() stack {
			d := net.Dialer{Timeout: dialLimit}
			return stack{net.Listen, net.ListenPacket, d.Dial, net.FileConn, func(c net.Conn, v [][]byte) (int64, error) {
				return (*net.Buffers)(&v).WriteTo(c)
			}, 0}
		},
		"nested": func() stack { return ours(netpoller.DefaultPollerGroup(), 2) },
		"thread": func() stack {
			return ours(netpoller.NewPollerGroup(netpoller.PollerConfig{Strategy: netpoller.PollerThread}), 3)
		},
	}
}

func ours(g *netpoller.PollerGroup, epolls int) stack {
	d := netpoller.Dialer{Timeout: dialLimit, Poller: g}
	lc := netpoller.ListenConfig{Poller: g}
	return stack{
		func(network, address string) (net.Listener, error) {
			return lc.Listen(context.Background(), network, address)
		},
		func(network, address string) (net.PacketConn, error) {
			return lc.ListenPacket(context.Background(), network, address)
		},
		d.Dial, netpoller.FileConn, func(c net.Conn, v [][]byte) (int64, error) {
			return (*netpoller.Buffers)(&v).WriteTo(c)
		}, epolls,
	}
}

// Trouble is what went wrong in a trial.
type trouble struct {
	Op   string
	Text string // of the error, without addresses
	Says bool   // it says the error that was made
}

func (t trouble) String() string { return t.Op + ": " + t.Text }

// A trial is one run of one step of the program.
type trial struct {
	stack
	errno syscall.Errno // that is being made

	op      atomic.Value // string: what the main goroutine does
	wg      sync.WaitGroup
	mu      sync.Mutex
	trouble []trouble
	wrong   string // a byte was lost, doubled or changed
	closers []io.Closer
}

type gaveUp struct{}

var addresses = regexp.MustCompile(`127\.0\.0\.1:\d+|@[0-9a-f]{5}`)

// run runs a step, closes what it opened, and waits for its goroutines.
func (t *trial) run(f func(*trial)) {
	func() {
		defer func() {
			if r := recover(); r != nil && r != (gaveUp{}) {
				panic(r)
			}
		}()
		f(t)
	}()
	t.doing("close")
	t.mu.Lock()
	closers := t.closers
	t.mu.Unlock()
	for _, c := range slices.Backward(closers) {
		c.Close()
	}
	t.doing("wait for goroutines")
	t.wg.Wait()
}

func (t *trial) doing(op string) { t.op.Store(op) }

// must notes an error, after which the step is over.
func (t *trial) must(op string, err error) {
	if !t.note(op, err) {
		panic(gaveUp{})
	}
	t.doing("after " + op)
}

// note notes an error, if it is one.
func (t *trial) note(op string, err error) (ok bool) {
	if err == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trouble = append(t.trouble, trouble{op, addresses.ReplaceAllString(err.Error(), "ADDR"), errors.Is(err, t.errno)})
	return false
}

// quiet reports whether nothing has failed: where something has, what comes is cut short.
func (t *trial) quiet() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.trouble) == 0
}

// want is must for an error that has to come.
func (t *trial) want(op string, err, want error) {
	if !errors.Is(err, want) {
		if err == nil {
			err = fmt.Errorf("no error, want %v", want)
		}
		t.must(op, err)
	}
	t.doing("after " + op)
}

// lost notes that the data is not what it ought to be.
func (t *trial) lost(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = fmt.Sprintf(format, args...)
}

func (t *trial) own(c io.Closer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closers = append(t.closers, c)
}

func (t *trial) spawn(f func()) {
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		f()
	}()
}

// A flow is bytes of which each is known by its place.
type flow struct {
	salt int
	at   int
}

func (f *flow) fill(p []byte) []byte {
	for i := range p {
		p[i] = f.byteAt(f.at + i)
	}
	return p
}

func (f *flow) byteAt(i int) byte { return byte(uint32(i+f.salt) * 2654435761 >> 24) }

// check takes bytes that came.
func (t *trial) check(f *flow, p []byte) {
	for i, b := range p {
		if b != f.byteAt(f.at+i) {
			t.lost("byte %d of a stream is not what was sent", f.at+i)
			break
		}
	}
	f.at += len(p)
}

// send writes the next n bytes of a flow, and counts those that were taken.
func (t *trial) send(op string, w io.Writer, f *flow, n int) bool {
	p := f.fill(make([]byte, n))
	m, err := w.Write(p)
	if m < n && err == nil || m > n {
		t.lost("%s: Write of %d bytes = %d, %v", op, n, m, err)
	}
	f.at += m
	return t.note(op, err)
}

// receive reads all of a flow, to its end or an error.
func (t *trial) receive(op string, r io.Reader, f *flow) (end bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		t.check(f, buf[:n])
		if err == io.EOF {
			return true
		}
		if n == 0 && err == nil {
			t.lost("%s: Read = 0, nil, which is no end", op)
			return false
		}
		if !t.note(op, err) {
			return false
		}
	}
}

func (t *trial) listener(network, address string) net.Listener {
	l, err := t.listen(network, address)
	t.must("listen "+network, err)
	t.own(l)
	return l
}

func (t *trial) dialed(network, address string) net.Conn {
	t.doing("dial " + network)
	c, err := t.dial(network, address)
	t.must("dial "+network, err)
	t.own(c)
	return c
}

// accepts is the loop of a server: it goes on after errors that are temporary, as
// net/http does, for a while.
func (t *trial) accepts(l net.Listener, handle func(net.Conn)) {
	t.spawn(func() {
		for tries := 0; ; {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				var ne net.Error
				if errors.As(err, &ne) && ne.Temporary() && tries < 5 {
					tries++
					time.Sleep(time.Millisecond)
					continue
				}
				t.note("accept", err)
				l.Close()
				return
			}
			t.spawn(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
}

// pair returns the ends of a connection.
func (t *trial) pair(network string) (client, server net.Conn) {
	address := "127.0.0.1:0"
	if network != "tcp" {
		address = fmt.Sprintf("pair%d", len(t.closers))
	}
	l := t.listener(network, address)
	// A connect that was never made may look as if it was.
	t.must("SetDeadline of a listener", l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(dialLimit)))
	client = t.dialed(network, t.addr(l))
	t.doing("accept " + network)
	server, err := l.Accept()
	t.must("accept "+network, err)
	t.own(server)
	t.must("close a listener", l.Close())
	return client, server
}

// addr returns the address of a listener.
func (t *trial) addr(l net.Listener) string { return t.known(l.Addr()).String() }

// known returns an address, which is nil if the kernel did not tell.
func (t *trial) known(a net.Addr) net.Addr {
	if a == nil || reflect.ValueOf(a).IsNil() {
		t.must("the local address", errors.New("is nil"))
	}
	return a
}

// packets opens a socket for packets.
func (t *trial) packets(network, address string) net.PacketConn {
	c, err := t.listenPacket(network, address)
	t.must("listen "+network, err)
	t.own(c)
	t.must("SetDeadline", c.SetDeadline(time.Now().Add(dialLimit)))
	t.known(c.LocalAddr())
	return c
}
