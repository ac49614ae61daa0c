package networks

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// broken are wires and links that fail, and mend.
var broken = []scenario{
	{"no answer", "a dial's SYNs are lost; the kernel gives up", func(l *lab) {
		hurry()
		l.listening()
		l.set(cut)
		l.dial("dial", on(far, port), 0)
		l.dial("dial with a Timeout", on(far, port), patience)
		l.set(sound)
		c, _ := l.dial("dial when it is mended", on(far, port), 0)
		l.close("close", c)
	}},
	{"slow handshake", "the first SYN is lost, then the first answer to it", func(l *lab) {
		ln := l.listening()
		l.set(losing(firstOf(func(p packet) bool { return p.has(syn) && !p.has(ack) })))
		l.dial("dial", on(far, port), 0)
		l.set(losing(firstOf(func(p packet) bool { return p.has(syn | ack) })))
		l.dial("dial again", on(far, port), 0)
		for range 2 {
			l.step("Accept", func() (any, error) { _, err := ln.Accept(); return nil, err })
		}
	}},
	{"cut", "packets are lost, for good; the kernel gives up what was written", func(l *lab) {
		hurry()
		dialed, accepted := l.pair()
		l.set(cut)
		expire(accepted)
		l.write("write", dialed)
		l.read("the peer reads", accepted)
		l.read("read", dialed)
		l.write("write again", dialed)
		l.read("read again", dialed)
		l.close("close", dialed)
	}},
	{"cut and mended", "packets are lost for a while", func(l *lab) {
		dialed, accepted := l.pair()
		l.set(cut)
		l.write("write", dialed)
		expire(accepted)
		l.read("the peer reads", accepted)
		l.set(sound)
		must(accepted.SetDeadline(time.Time{}))
		l.whenever("the peer reads when it is mended", readAll(accepted, 5))
	}},
	{"link down", "the interface goes down, and up again", func(l *lab) {
		dialed, accepted := l.pairOn(l.listening())
		u, err := l.dialer(0).DialContext(ctx, "udp", on(far, port))
		must(err)
		must(nettest.SetLink(device, false))
		expire(accepted)
		l.write("write", dialed)
		l.read("the peer reads", accepted)
		l.write("write UDP", u)
		l.dial("dial", on(far, port), patience)
		must(nettest.SetLink(device, true))
		must(accepted.SetDeadline(time.Time{}))
		l.whenever("the peer reads when it is up", readAll(accepted, 5))
		l.write("write UDP when it is up", u)
		l.dial("dial when it is up", on(far, port), patience)
	}},
	{"address removed", "the interface loses its address, and gets it back", func(l *lab) {
		ln := l.listening()
		dialed, accepted := l.pairOn(ln)
		u, err := l.dialer(0).DialContext(ctx, "udp", on(far, port))
		must(err)
		must(nettest.SetAddr(device, "0.0.0.0", ""))
		expire(accepted)
		l.write("write", dialed)
		l.read("the peer reads", accepted)
		l.write("write UDP", u)
		l.dial("dial", on(far, port), patience)
		l.step("listen", func() (any, error) { _, err := l.listen("tcp", on(near, port+1)); return nil, err })
		must(nettest.SetAddr(device, near.String(), "255.255.255.0"))
		must(accepted.SetDeadline(time.Time{}))
		l.whenever("the peer reads when it is back", readAll(accepted, 5))
		l.write("write UDP when it is back", u)
		c, _ := l.dial("dial when it is back", on(far, port), patience)
		l.step("Accept", func() (any, error) { _, err := ln.Accept(); return nil, err })
		l.close("close", c)
	}},
	{"MTU hole", "packets of more than 600 bytes are lost and no ICMP is sent; the kernel gives up", func(l *lab) {
		hurry()
		dialed, accepted := l.pair()
		l.set(losing(func(p packet) bool { return len(p) > 600 }))
		l.write("write few bytes", dialed)
		expire(accepted)
		l.read("the peer reads", accepted)
		l.step("write many", func() (any, error) { return dialed.Write(content(20000)) })
		l.read("the peer reads", accepted)
		l.read("read", dialed)
		l.write("write", dialed)
	}},
	{"MTU hole, probed", "the same where the kernel probes for it (tcp_mtu_probing)", func(l *lab) {
		must(nettest.Sysctl("ipv4/tcp_mtu_probing", 2))
		must(nettest.Sysctl("ipv4/tcp_base_mss", 500))
		l.set(losing(func(p packet) bool { return len(p) > 600 }))
		dialed, accepted := l.pair()
		sent := content(20000)
		l.step("write many", func() (any, error) { return dialed.Write(sent) })
		l.whenever("the peer reads", func() (any, error) {
			got := make([]byte, len(sent))
			_, err := io.ReadFull(accepted, got)
			return describe(got, sent), err
		})
	}},
	{"lingering", "a connection whose packets are lost is closed with SetLinger", func(l *lab) {
		hurry()
		for _, seconds := range []int{-1, 0, 1} {
			l.set(sound)
			dialed, _ := l.pair()
			must(dialed.SetLinger(seconds))
			l.set(cut)
			l.write("write", dialed)
			l.close(fmt.Sprintf("SetLinger(%d), close", seconds), dialed)
		}
	}},
}

// firstOf reports whether a packet is the first for which what is true.
func firstOf(what func(p packet) bool) func(p packet) bool {
	done := false
	return func(p packet) bool {
		if done || !what(p) {
			return false
		}
		done = true
		return true
	}
}

// readAll reads so many bytes.
func readAll(r io.Reader, size int) func() (any, error) {
	return func() (any, error) {
		buf := make([]byte, size)
		n, err := io.ReadFull(r, buf)
		return fmt.Sprintf("%q", buf[:n]), err
	}
}

// settings make the kernel give up within seconds, and not wait for long in between.
var settings = map[string]any{
	"ipv4/tcp_syn_retries":         1,
	"ipv4/tcp_syn_linear_timeouts": 0, // since Linux 6.5
	"ipv4/tcp_synack_retries":      2,
	"ipv4/tcp_retries2":            2,
	"ipv4/tcp_orphan_retries":      1,
	"ipv4/tcp_rto_max_ms":          1000, // since Linux 6.15
}

// hurry makes the kernel give up soon.
func hurry() {
	for name, value := range settings {
		if err := nettest.Sysctl(name, value); !errors.Is(err, os.ErrNotExist) {
			must(err)
		}
	}
}
