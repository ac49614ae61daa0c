//go:build linux

package udpbatch

import (
	"fmt"
	"hash/crc32"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// A workbench is what the steps work with: a writes to b; c has b for its peer;
// d is a third. Results are collected in log.
type workbench struct {
	t          *testing.T
	a, b, c, d socket
	log        []string
}

func (w *workbench) name(a net.Addr) string {
	if a == nil {
		return "nobody"
	}
	for name, s := range map[string]socket{"a": w.a, "b": w.b, "c": w.c, "d": w.d} {
		if a.(*net.UDPAddr).Port == s.LocalAddr().(*net.UDPAddr).Port {
			return fmt.Sprintf("%s, %d bytes of IP, zone %q", name, len(a.(*net.UDPAddr).IP), a.(*net.UDPAddr).Zone)
		}
	}
	return "a stranger"
}

// did notes what came of an operation with ms: of all of them, done or not. With an
// error, golang.org/x/net counts -1 where the system call failed, and 0 elsewhere.
func (w *workbench) did(op string, ms []message, n int, err error) {
	if err != nil {
		n = max(n, 0)
	}
	w.log = append(w.log, fmt.Sprintf("%s: %d, %s", op, n, cause(op, err)))
	for i, m := range ms[:min(len(ms), 20)] {
		to := w.name(nil)
		if _, ok := m.Addr.(*net.UDPAddr); ok && (op == "read" || i < n) {
			to = w.name(m.Addr)
		}
		text := fmt.Sprintf("  N %d, NN %d, Flags %#x, %s", m.N, m.NN, m.Flags, to)
		if op == "read" {
			data := slices.Concat(m.Buffers...)
			text += fmt.Sprintf(", %.40q, sum %#x", data, crc32.ChecksumIEEE(data))
		}
		w.log = append(w.log, text)
	}
}

func (w *workbench) write(s socket, flags int, ms ...message) {
	n, err := s.write(ms, flags)
	w.did("write", ms, n, err)
}

func (w *workbench) read(s socket, flags int, ms ...message) {
	n, err := s.read(ms, flags)
	w.did("read", ms, n, err)
}

// readUntil reads from b while the end comes from another goroutine, soon.
func (w *workbench) readUntil(end func() error) {
	errs := make(chan error, 1)
	time.AfterFunc(10*time.Millisecond, func() { errs <- end() })
	w.read(w.b, 0, rooms(2, 8)...)
	require.NoError(w.t, <-errs)
}

func packet(to net.Addr, pieces ...string) message {
	m := message{Addr: to}
	for _, p := range pieces {
		m.Buffers = append(m.Buffers, []byte(p))
	}
	return m
}

func room(sizes ...int) (m message) {
	for _, size := range sizes {
		m.Buffers = append(m.Buffers, make([]byte, size))
	}
	return m
}

func rooms(n, size int) (ms []message) {
	for range n {
		ms = append(ms, room(size))
	}
	return ms
}

// steps are what is done with every side. Where a result differs on purpose, ours is
// replaced before it is compared: golang.org/x/net has the second text for the first.
var steps = []struct {
	name string
	do   func(w *workbench)
	ours [2]string
}{
	{name: "batch", do: func(w *workbench) {
		w.write(w.a, 0, packet(w.b.LocalAddr(), "one"), packet(w.b.LocalAddr(), "two"), packet(w.b.LocalAddr(), "three"))
		w.read(w.b, 0, rooms(2, 8)...)
		w.read(w.b, 0, rooms(5, 8)...)
	}},
	{name: "buffers", do: func(w *workbench) {
		w.write(w.a, 0, packet(w.b.LocalAddr(), "a", "", "bcd", "ef"), packet(w.b.LocalAddr(), strings.Split(strings.Repeat("x", 900), "")...))
		w.read(w.b, 0, room(2, 0, 2, 1, 9), room(0, 300, 300, 300, 300))
	}},
	{name: "empty packets", do: func(w *workbench) {
		w.write(w.a, 0, packet(w.b.LocalAddr()), packet(w.b.LocalAddr(), ""), packet(w.b.LocalAddr(), "", ""), packet(w.b.LocalAddr(), "x"))
		w.read(w.b, 0, room(3), room(0), room(), room())
	}},
	{name: "truncation", do: func(w *workbench) {
		for _, flags := range []int{0, unix.MSG_TRUNC} {
			w.write(w.a, 0, packet(w.b.LocalAddr(), "hello"), packet(w.b.LocalAddr(), "hello"), packet(w.b.LocalAddr(), "hello"))
			w.read(w.b, flags, room(2, 2), room(), room(1, 9))
		}
	}},
	{name: "control messages", do: func(w *workbench) {
		w.b.option(w.t, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
		w.b.option(w.t, unix.SOL_SOCKET, unix.SO_TIMESTAMP, 1)
		mark := packet(w.b.LocalAddr(), "x")
		mark.OOB = unix.PktInfo4(&unix.Inet4Pktinfo{})
		if w.b.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
			mark.OOB = unix.PktInfo6(&unix.Inet6Pktinfo{})
		}
		w.write(w.a, 0, mark, packet(w.b.LocalAddr(), "y"), mark)
		in := rooms(3, 4)
		in[0].OOB, in[2].OOB = make([]byte, 128), make([]byte, 8)
		w.read(w.b, 0, in...)
		bad := packet(w.b.LocalAddr(), "x")
		bad.OOB = make([]byte, 20)
		w.write(w.a, 0, bad)
	}},
	{name: "flags", do: func(w *workbench) {
		w.read(w.b, unix.MSG_DONTWAIT, rooms(2, 8)...)
		w.write(w.a, unix.MSG_DONTWAIT, packet(w.b.LocalAddr(), "one"), packet(w.b.LocalAddr(), "two"))
		w.read(w.b, unix.MSG_PEEK, rooms(2, 8)...)
		w.read(w.b, unix.MSG_WAITFORONE, rooms(5, 8)...)
		w.write(w.a, unix.MSG_OOB, packet(w.b.LocalAddr(), "one"))
		w.read(w.b, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT, room(1))
	}},
	{name: "more than one call takes", do: func(w *workbench) {
		sink := packet(w.d.LocalAddr(), "")
		n, err := w.a.write(slices.Repeat([]message{sink}, 1500), 0)
		w.did("write", nil, n, err)
	}},
	{name: "too long", do: func(w *workbench) {
		w.write(w.a, 0, packet(w.b.LocalAddr(), "x"), packet(w.b.LocalAddr(), strings.Repeat("x", 1<<16)), packet(w.b.LocalAddr(), "x"))
		w.write(w.a, 0, packet(w.b.LocalAddr(), strings.Repeat("x", 1<<16)), packet(w.b.LocalAddr(), "x"))
		w.write(w.a, 0, message{Addr: w.b.LocalAddr(), Buffers: make([][]byte, 1025)})
		w.read(w.b, 0, rooms(3, 8)...)
	}},
	{name: "nowhere to", do: func(w *workbench) {
		w.write(w.a, 0, packet(w.b.LocalAddr(), "x"), packet(nil, "y"), packet(w.b.LocalAddr(), "z"))
		w.write(w.a, 0, packet(nil, "y"))
		w.read(w.b, 0, rooms(3, 8)...)
	}},
	{name: "an address of another family", do: func(w *workbench) {
		w.write(w.a, 0, packet(&net.UDPAddr{IP: net.ParseIP("2001:db8::1"), Port: 9}, "x"))
	}, ours: [2]string{"non-IPv4 address", "sendmmsg: address family not supported by protocol"}},
	{name: "connected", do: func(w *workbench) {
		w.write(w.c, 0, packet(nil, "x"), packet(w.d.LocalAddr(), "y"), packet(nil, "z"))
		w.read(w.b, 0, rooms(3, 8)...)
		w.read(w.d, 0, rooms(3, 8)...)
		w.write(w.b, 0, packet(w.c.LocalAddr(), "back"))
		w.read(w.c, 0, room(8))
	}},
	{name: "refused", do: func(w *workbench) {
		require.NoError(w.t, w.b.Close())
		w.write(w.c, 0, packet(nil, "x"))
		w.read(w.c, 0, room(8))
		w.write(w.c, 0, packet(nil, "x"))
		w.write(w.c, 0, packet(nil, "x"), packet(nil, "y"))
	}},
	{name: "deadlines in the past", do: func(w *workbench) {
		w.write(w.a, 0, packet(w.b.LocalAddr(), "x"))
		require.NoError(w.t, w.b.SetDeadline(time.Unix(1, 0)))
		w.read(w.b, 0, room(8))
		w.read(w.b, unix.MSG_DONTWAIT, room(8))
		w.write(w.b, 0, packet(w.a.LocalAddr(), "x"))
		require.NoError(w.t, w.b.SetDeadline(time.Time{}))
		w.read(w.b, 0, room(8))
	}},
	{name: "ended while it waits", do: func(w *workbench) {
		w.readUntil(func() error { return w.b.SetReadDeadline(time.Unix(1, 0)) })
		require.NoError(w.t, w.b.SetReadDeadline(time.Time{}))
		w.readUntil(func() error { _, err := w.a.WriteTo([]byte("x"), w.b.LocalAddr()); return err })
		w.readUntil(w.b.Close)
		w.read(w.b, 0, room(8))
		w.write(w.b, 0, packet(w.a.LocalAddr(), "x"))
	}},
}

// If this fails, a program that was written for golang.org/x/net and package net does
// something else when the types are swapped.
func TestBatchesAreLikeXNets(t *testing.T) {
	for _, route := range []struct{ network, address string }{{"udp4", "127.0.0.1:0"}, {"udp6", "[::1]:0"}} {
		for _, step := range steps {
			t.Run(route.network+" "+step.name, func(t *testing.T) {
				var want []string
				for _, s := range sides(ends.NewGroup(t, netpoller.PollerConfig{})) {
					w := &workbench{t: t}
					w.a, w.b = s.listen(t, route.network, route.address), s.listen(t, route.network, route.address)
					w.c, w.d = s.dial(t, route.network, w.b.LocalAddr()), s.listen(t, route.network, route.address)
					step.do(w)
					if s.name == "ours" && step.ours[0] != "" {
						for i := range w.log {
							w.log[i] = strings.Replace(w.log[i], step.ours[0], step.ours[1], 1)
						}
					}
					if want == nil {
						want = w.log
						t.Log(strings.Join(want, "\n"))
					}
					require.Equal(t, want, w.log, s.name)
				}
			})
		}
	}
}
