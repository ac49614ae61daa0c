package networks

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// injected are packets that neither end has sent.
var injected = []scenario{
	{"RST to a reader", "a RST arrives while a Read waits", func(l *lab) {
		dialed, accepted := l.pair()
		l.later(func() { l.inject(reset(l.lastFrom(dialed)).packet()) })
		l.read("read", dialed)
		l.read("read again", dialed)
		l.write("write", dialed)
		l.close("close", dialed)
		l.write("the peer, which has not seen the RST, writes", accepted)
		l.read("the peer reads", accepted)
	}},
	{"RST to a writer", "a RST arrives while a Write waits", func(l *lab) {
		dialed, _ := l.pair()
		l.whenFull(func() { l.inject(reset(l.lastFrom(dialed)).packet()) })
		l.fill("write", dialed)
		l.write("write again", dialed)
		l.read("read", dialed)
	}},
	{"RST to both", "a RST arrives while a Read and a Write wait", func(l *lab) {
		dialed, _ := l.pair()
		read := make(chan error, 1)
		go func() { _, err := dialed.Read(make([]byte, 1)); read <- err }()
		l.whenFull(func() { l.inject(reset(l.lastFrom(dialed)).packet()) })
		l.step("write and read", func() (any, error) {
			_, err := dialed.Write(make([]byte, muchMore))
			// The kernel tells one of them of the reset at the most. The other sees what it left.
			return "both end", errors.Join(
				endsWith(err, unix.ECONNRESET, unix.EPIPE), endsWith(<-read, unix.ECONNRESET, io.EOF))
		})
	}},
	{"stray RST", "a RST arrives that is not in the window", func(l *lab) {
		dialed, accepted := l.pair()
		stray := reset(l.lastFrom(dialed))
		stray.sequence -= 1 << 20
		l.inject(stray.packet())
		l.write("write", dialed)
		l.read("the peer reads", accepted)
		l.write("the peer writes", accepted)
		l.read("read", dialed)
	}},
	{"RST in the queue", "a RST arrives before the connection is accepted", func(l *lab) {
		ln := l.listening()
		dialed, err := l.dialer(0).DialContext(ctx, "tcp", on(far, port))
		must(err)
		sent := l.next(isHello)
		l.write("write", dialed)
		<-sent
		gone := l.next(isReset)
		must(dialed.(tcpConn).SetLinger(0))
		l.close("close with SetLinger(0)", dialed)
		<-gone
		var accepted net.Conn
		l.step("Accept", func() (any, error) { accepted, err = ln.Accept(); return nil, err })
		l.read("read", accepted)
		l.read("read again", accepted)
		l.write("write", accepted)
	}},
	{"refusal", "a SYN is answered with a RST", func(l *lab) {
		l.set(func(p packet) []time.Duration {
			refused := reset(p)
			refused.sequence, refused.acked = 0, p.sequence()+1
			l.answer(refused.packet())
			return nil
		})
		l.dial("dial", on(far, port), 0)
	}},
	{"ICMP for a SYN", "a router says that there is no way to the peer", func(l *lab) {
		for _, m := range messages {
			l.set(l.refusing(m.code))
			l.dial("dial, "+m.name, on(far, port), 0)
		}
	}},
	{"ICMP for data", "a router sends ICMP errors for a connection, until the kernel gives up", func(l *lab) {
		hurry()
		for _, m := range messages[:2] {
			l.set(sound)
			dialed, _ := l.pair()
			l.set(l.refusing(m.code))
			l.write(m.name+", write", dialed)
			l.read("read", dialed)
			l.write("write again", dialed)
		}
	}},
	{"ICMP for datagrams", "a router sends ICMP errors for UDP packets", func(l *lab) {
		for _, m := range messages {
			l.set(l.refusing(m.code))
			c, err := l.dialer(0).DialContext(ctx, "udp", on(far, port))
			must(err)
			told := l.next(isICMP)
			l.write(m.name+", write", c)
			<-told
			must(c.SetReadDeadline(time.Now().Add(patience)))
			l.read("read", c)
			l.set(sound)
			l.write("write again", c)
		}
	}},
	{"MTU hole, told", "packets of more than 600 bytes are lost, and a router says so", func(l *lab) {
		dialed, accepted := l.pair()
		l.set(func(p packet) []time.Duration {
			if len(p) <= 600 {
				return sound(p)
			}
			l.answer(unreachable(router, packetTooBig, 600, p))
			return nil
		})
		sent := content(20000)
		l.step("write", func() (any, error) { return dialed.Write(sent) })
		l.whenever("the peer reads", readSame(accepted, sent))
	}},
}

// endsWith returns nil if an error is one of some.
func endsWith(err error, some ...error) error {
	for _, e := range some {
		if errors.Is(err, e) {
			return nil
		}
	}
	return fmt.Errorf("%w, not one of %v", cmp.Or(err, errors.New("no error")), some)
}

// router is what sends ICMP messages.
var router = netip.MustParseAddr("198.51.100.3")

// messages are those for which dials fail.
var messages = []struct {
	name string
	code byte
}{
	{"host unreachable", hostUnreachable},
	{"network unreachable", netUnreachable},
	{"port unreachable", portUnreachable},
	{"prohibited", adminProhibited},
}

// refusing is a wire that loses everything, and a router says why.
func (l *lab) refusing(code byte) fault {
	return func(p packet) []time.Duration {
		l.answer(unreachable(router, code, 0, p))
		return nil
	}
}

// answer injects a packet from within a fault.
func (l *lab) answer(p packet) { time.AfterFunc(0, func() { l.inject(p) }) }

// later calls f when a call that is about to be made is likely to wait.
func (l *lab) later(f func()) { time.AfterFunc(100*time.Millisecond, f) }

// whenFull calls f when a Write has filled the buffers of the peer, and is likely to wait.
func (l *lab) whenFull(f func()) {
	full := l.next(func(p packet) bool { return p.isTCP() && p.sourcePort() == port && p.window() == 0 })
	go func() { <-full; l.later(f) }()
}

// muchMore is more than all buffers hold, if nobody reads.
const muchMore = 64 << 20

// fill is a step that writes more than the peer will read, and notes only the error.
func (l *lab) fill(call string, c net.Conn) (n int) {
	l.step(call, func() (_ any, err error) {
		n, err = c.Write(make([]byte, muchMore))
		return map[bool]string{true: "a part"}[0 < n && n < muchMore], err
	})
	return n
}

// readSame reads what was sent.
func readSame(c net.Conn, sent []byte) func() (any, error) {
	return func() (any, error) {
		var got bytes.Buffer
		buf := make([]byte, 1000)
		for got.Len() < len(sent) {
			n, err := c.Read(buf)
			got.Write(buf[:n])
			if err != nil {
				return describe(got.Bytes(), sent), err
			}
		}
		return describe(got.Bytes(), sent), nil
	}
}
