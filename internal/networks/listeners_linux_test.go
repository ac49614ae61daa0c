package networks

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// queues are what happens to connections before they are accepted.
var queues = []scenario{
	{"full backlog", "many dial a listener that does not accept, with a queue for three", func(l *lab) {
		ln := l.backlog(2)
		for range 3 {
			queued := l.next(isLastOfHandshake)
			l.dial("dial", on(far, port), 0)
			<-queued
		}
		l.dials(5, on(far, port))
		l.accepts("Accept, until there is none", ln)
		l.dial("dial when there is room", on(far, port), 0)
	}},
	{"full backlog, resets", "a handshake is completed when the queue is full (tcp_abort_on_overflow)", func(l *lab) {
		must(nettest.Sysctl("ipv4/tcp_abort_on_overflow", 1))
		var late time.Duration
		ln := l.backlog(2)
		for range 2 {
			queued := l.next(isLastOfHandshake)
			l.dial("dial", on(far, port), 0)
			<-queued
		}
		l.set(func(p packet) []time.Duration { // what completes a handshake comes late, and later
			if !isLastOfHandshake(p) {
				return sound(p)
			}
			late += 200 * time.Millisecond
			return []time.Duration{late}
		})
		third, err := l.dial("dial, third", on(far, port), 0)
		must(err)
		fourth, err := l.dial("dial, fourth", on(far, port), 0)
		must(err)
		l.read("read, fourth", fourth)
		expire(third)
		l.read("read, third", third)
		l.accepts("Accept, until there is none", ln)
	}},
	{"full backlog, Unix", "eight dial a Unix listener whose queue is for two", func(l *lab) {
		must(nettest.Sysctl("core/somaxconn", 2))
		dir, err := os.MkdirTemp("", "networks")
		must(err)
		defer os.RemoveAll(dir)
		name := filepath.Join(dir, "s")
		ln, err := l.listen("unix", name)
		must(err)
		var conns []net.Conn
		for range 8 {
			err := l.step("dial", func() (any, error) {
				c, err := l.dialer(0).DialContext(ctx, "unix", name)
				conns = append(conns, c)
				return nil, named(err, name)
			})
			if err != nil {
				break
			}
		}
		l.step("Accept", func() (any, error) { _, err := ln.Accept(); return nil, err })
		l.step("dial", func() (any, error) {
			c, err := l.dialer(0).DialContext(ctx, "unix", name)
			conns = append(conns, c)
			return nil, named(err, name)
		})
		l.keep(conns)
	}},
	{"listener closed", "a listener is closed with connections in its queue", func(l *lab) {
		ln := l.listening()
		var conns []net.Conn
		for range 3 {
			queued := l.next(isLastOfHandshake)
			c, _ := l.dial("dial", on(far, port), 0)
			<-queued
			conns = append(conns, c)
		}
		l.later(func() { ln.Close() })
		for _, c := range conns {
			l.read("read", c)
		}
		l.dial("dial again", on(far, port), 0)
	}},
	{"handshake half open", "what completes the handshake is lost; the peer is connected", func(l *lab) {
		ln := l.listening()
		l.set(losing(isLastOfHandshake))
		c, _ := l.dial("dial", on(far, port), 0)
		must(ln.(deadliner).SetDeadline(time.Now().Add(patience)))
		l.step("Accept", func() (any, error) { _, err := ln.Accept(); return nil, err })
		must(ln.(deadliner).SetDeadline(time.Time{}))
		l.write("write", c)
		var accepted net.Conn
		l.whenever("Accept", func() (_ any, err error) { accepted, err = ln.Accept(); return nil, err })
		l.read("read", accepted)
	}},
	{"SYN flood, cookies", "SYNs come from many addresses; the kernel answers with cookies (tcp_syncookies)", func(l *lab) {
		must(nettest.Sysctl("ipv4/tcp_syncookies", 1))
		ln := l.backlog(8)
		stop := l.flood()
		c, _ := l.dial("dial", on(far, port), 0)
		l.write("write", c)
		var accepted net.Conn
		l.step("Accept", func() (_ any, err error) { accepted, err = ln.Accept(); return nil, err })
		l.read("read", accepted)
		close(stop)
		l.accepts("Accept, until there is none", ln)
	}},
	{"SYN flood", "the same without cookies", func(l *lab) {
		must(nettest.Sysctl("ipv4/tcp_syncookies", 0))
		hurry()
		ln := l.backlog(8)
		stop := l.flood()
		l.dial("dial", on(far, port), 0)
		l.accepts("Accept, until there is none", ln)
		close(stop)
		l.whenever("dial when the flood is over", func() (any, error) {
			for {
				c, err := l.dialer(0).DialContext(ctx, "tcp", on(far, port))
				if l.keep(c); err == nil {
					return nil, nil
				}
			}
		})
	}},
	{"aborted", "fifty connections are reset, each before it is accepted", func(l *lab) {
		ln := l.listening()
		const count = 50
		l.step("Accept and read", func() (any, error) {
			outcomes := make(counts)
			for range count {
				c, err := l.dialer(0).DialContext(ctx, "tcp", on(far, port))
				must(err)
				gone := l.next(isReset)
				must(c.(tcpConn).SetLinger(0))
				must(c.Close())
				<-gone
				a, err := ln.Accept()
				if err != nil {
					return outcomes, err
				}
				_, err = a.Read(make([]byte, 1))
				outcomes[nettest.Innermost(err).Error()]++
				must(a.Close())
			}
			return outcomes, nil
		})
	}},
}

// deadliner is what the listeners of both have in common.
type deadliner interface{ SetDeadline(time.Time) error }

// backlog returns a listener with a short queue, as long as the kernel allows. It holds one
// connection more.
func (l *lab) backlog(n int) net.Listener {
	must(nettest.Sysctl("core/somaxconn", n))
	return l.listening()
}

// dials is a step in which several dial at the same time, and hold what they get.
func (l *lab) dials(count int, address string) {
	errs := make(chan error)
	l.step(fmt.Sprintf("%d dials", count), func() (any, error) {
		for range count {
			go func() {
				_, err := l.dialer(patience).DialContext(ctx, "tcp", address)
				errs <- nettest.LikeContext(err)
			}()
		}
		outcomes := make(counts)
		for range count {
			if err := <-errs; err != nil {
				outcomes[nettest.Innermost(err).Error()]++
			} else {
				outcomes["connected"]++
			}
		}
		return outcomes, nil
	})
}

// counts says how often there was what.
type counts map[string]int

func (c counts) String() string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		all = append(all, fmt.Sprintf("%d %s", c[what], what))
	}
	return strings.Join(all, ", ")
}

// accepts is a step that accepts what there is, and notes the number and the last error.
func (l *lab) accepts(call string, ln net.Listener) {
	must(ln.(deadliner).SetDeadline(time.Now().Add(patience)))
	l.step(call, func() (any, error) {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return n, err
			}
			l.keep(c)
		}
	})
	must(ln.(deadliner).SetDeadline(time.Time{}))
}

// isLastOfHandshake reports whether a packet may be what completes a handshake with near.
func isLastOfHandshake(p packet) bool {
	return p.isTCP() && p.flags() == ack && p.data() == 0 && p.targetPort() == port
}

// flood sends SYNs from many addresses until the channel that it returns is closed. The
// first of them have arrived when it returns.
func (l *lab) flood() (stop chan struct{}) {
	random := dice()
	wave := func() {
		for range 100 {
			host := netip.AddrFrom4([4]byte{198, 51, 100, byte(4 + random.IntN(250))})
			l.inject(segment{
				source: netip.AddrPortFrom(host, uint16(1024+random.IntN(60000))), target: netip.AddrPortFrom(near, port),
				sequence: random.Uint32(), flags: syn,
			}.packet())
		}
	}
	wave()
	stop = make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				wave()
			}
		}
	}()
	return stop
}

// named replaces the name of a file in an error.
func named(err error, name string) error {
	if op, ok := err.(*net.OpError); ok {
		op.Addr = &net.UnixAddr{Name: "NAME", Net: "unix"}
		return op
	}
	return err
}

// urgent are streams in which some bytes are marked urgent.
var urgent = []scenario{
	{"urgent data", "urgent bytes at random in a stream", func(l *lab) { l.urgent(false) }},
	{"urgent data, late", "the same, and packets are lost, doubled and overtaken", func(l *lab) {
		l.set(lossy(5, 10, 3*time.Millisecond))
		l.urgent(false)
	}},
	{"urgent data in line", "the same, and the reader has set SO_OOBINLINE", func(l *lab) { l.urgent(true) }},
}

// urgent sends a stream with urgent bytes at random. They are no letters, and those between
// them are: one that is not taken out of line, because the next one came too soon, is told
// from them.
func (l *lab) urgent(inline bool) {
	dialed, accepted := l.pair()
	if inline {
		must(control(accepted, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_OOBINLINE, 1) }))
	}
	random := dice()
	var sent []byte
	marks := 0
	written := make(chan error, 1)
	letters := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = 'a' + byte(random.IntN(26))
		}
		return b
	}
	chunks := make([][]byte, 400)
	for i := range chunks {
		chunks[i] = letters(1 + random.IntN(2000))
		sent = append(sent, chunks[i]...)
	}
	pauses := dice()
	go func() {
		defer dialed.Close()
		for _, chunk := range chunks {
			if _, err := dialed.Write(chunk); err != nil {
				written <- err
				return
			}
			if pauses.IntN(2) == 0 {
				marks++
				must(sendUrgent(dialed))
			}
			if pauses.IntN(8) == 0 {
				time.Sleep(time.Millisecond) // and the reader waits
			}
		}
		written <- nil
	}()
	l.whenever("read", func() (any, error) {
		var got []byte
		urgent := 0
		for buf := make([]byte, 700); ; {
			n, err := accepted.Read(buf)
			for _, b := range buf[:n] {
				if b == '!' {
					urgent++
				} else {
					got = append(got, b)
				}
			}
			if err != nil {
				text := describe(got, sent)
				if inline {
					text += fmt.Sprintf(", and %d urgent", urgent)
				}
				return text, err
			}
		}
	})
	l.whenever("write", func() (any, error) { return nil, <-written })
}

// sendUrgent sends an urgent byte.
func sendUrgent(c tcpConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	writeErr := raw.Write(func(fd uintptr) (done bool) {
		err = unix.Send(int(fd), []byte("!"), unix.MSG_OOB)
		return err != unix.EAGAIN
	})
	return errors.Join(writeErr, err)
}

// control calls f with a connection's descriptor.
func control(c tcpConn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	if controlErr := raw.Control(func(fd uintptr) { err = f(int(fd)) }); controlErr != nil {
		return controlErr
	}
	return err
}
