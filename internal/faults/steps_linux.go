package main

import (
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

// A step is a part of the program that fails and is judged by itself.
type step struct {
	name string
	run  func(*trial)
	cold bool // it is what the program does first; others are done once before

	// twins are the steps that are most like one that package net cannot do.
	twins []string
}

var steps = []step{
	{name: "first", run: churn, cold: true},
	{name: "echo", run: echo},
	{name: "churn", run: churn},
	{name: "deadlines", run: deadlines},
	{name: "sendfile", run: sendfile},
	{name: "splice", run: splice},
	{name: "buffers", run: buffers},
	{name: "udp", run: udp},
	{name: "unix", run: unixSockets},
	{name: "file", run: file},
	{name: "refused", run: refused},
	{name: "waiting", run: waiting, twins: []string{"deadlines", "udp"}},
	{name: "lent", run: lent, twins: []string{"echo", "splice"}},
}

func stepNamed(name string) step {
	return steps[slices.IndexFunc(steps, func(s step) bool { return s.name == name })]
}

var longAgo = time.Unix(1, 0)

// echo sends messages of many sizes to a server that sends them back.
func echo(t *trial) {
	l := t.listener("tcp", "127.0.0.1:0")
	served := make(chan int, 1) // bytes of the connection that has some, if the server saw its end
	t.accepts(l, func(c net.Conn) {
		var in flow
		buf := make([]byte, 16<<10)
		for {
			n, err := c.Read(buf)
			t.check(&in, buf[:n])
			if err == io.EOF {
				if in.at > 0 { // it may have been dialed twice
					served <- in.at
				}
				return
			}
			if !t.note("server reads", err) {
				return
			}
			if m, err := c.Write(buf[:n]); !t.note("server writes", err) {
				return
			} else if m != n {
				t.lost("server: Write of %d bytes = %d", n, m)
			}
		}
	})
	c := t.dialed("tcp", t.addr(l))
	var out, in flow
	for _, size := range []int{1, 100, 4096, 17000, 1, 60000, 7} {
		if !t.send("write", c, &out, size) {
			return
		}
		p := make([]byte, size)
		t.doing("read")
		n, err := io.ReadFull(c, p)
		t.check(&in, p[:n])
		t.must("read", err)
	}
	t.must("close write", c.(interface{ CloseWrite() error }).CloseWrite())
	t.doing("read the end")
	if t.receive("read the end", c, &in) && in.at != out.at && t.quiet() {
		t.lost("%d bytes of %d came back", in.at, out.at)
	}
	select {
	case n := <-served:
		if n != out.at {
			t.lost("%d bytes of %d arrived", n, out.at)
		}
	default:
	}
}

// churn makes one connection after the other.
func churn(t *trial) {
	l := t.listener("tcp", "127.0.0.1:0")
	t.accepts(l, func(c net.Conn) {
		p := make([]byte, 1)
		if _, err := io.ReadFull(c, p); t.note("server reads", err) {
			_, err = c.Write(p)
			t.note("server writes", err)
		}
	})
	for i := range 6 {
		c := t.dialed("tcp", t.addr(l))
		_, err := c.Write([]byte{byte(i)})
		t.must("write", err)
		p, err := io.ReadAll(c)
		t.must("read", err)
		if (len(p) != 1 || p[0] != byte(i)) && t.quiet() {
			t.lost("%d came back as %v", i, p)
		}
		t.must("close", c.Close())
	}
}

// deadlines ends Reads and Writes in every way.
func deadlines(t *trial) {
	c, peer := t.pair("tcp")
	p := make([]byte, 8)
	read := func() error {
		n, err := c.Read(p)
		if n > 0 {
			t.lost("%d bytes from nowhere", n)
		}
		return err
	}
	t.must("SetReadDeadline", c.SetReadDeadline(longAgo))
	t.want("read late", read(), os.ErrDeadlineExceeded)
	t.must("SetReadDeadline", c.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	t.want("read until a deadline", read(), os.ErrDeadlineExceeded)
	t.must("SetReadDeadline", c.SetReadDeadline(time.Time{}))
	blocked := func() chan error {
		ended := make(chan error, 1)
		t.spawn(func() { ended <- read() })
		time.Sleep(2 * time.Millisecond) // and most often it waits by now
		return ended
	}
	ended := blocked()
	t.must("SetReadDeadline", c.SetReadDeadline(longAgo))
	t.want("read that a deadline ends", <-ended, os.ErrDeadlineExceeded)
	t.must("SetReadDeadline", c.SetReadDeadline(time.Time{}))
	var out, in flow
	if !t.send("write", peer, &out, len(p)) {
		return
	}
	n, err := io.ReadFull(c, p)
	t.check(&in, p[:n])
	t.must("read after a deadline", err)

	full(t, c, peer)
	ended = blocked()
	t.must("close", c.Close())
	t.want("read that Close ends", <-ended, net.ErrClosed)
}

// full writes until a deadline passes, and looks what arrives.
func full(t *trial, c, peer net.Conn) {
	narrow, ok := c.(interface{ SetWriteBuffer(int) error })
	if !ok {
		return
	}
	t.must("SetWriteBuffer", narrow.SetWriteBuffer(4096))
	t.must("SetReadBuffer", peer.(interface{ SetReadBuffer(int) error }).SetReadBuffer(4096))
	t.must("SetWriteDeadline", c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
	out, in := flow{salt: 9}, flow{salt: 9}
	n, err := c.Write(out.fill(make([]byte, 8<<20)))
	t.want("write until a deadline", err, os.ErrDeadlineExceeded)
	t.must("CloseWrite", c.(interface{ CloseWrite() error }).CloseWrite())
	t.doing("read what was written")
	if t.receive("read what was written", peer, &in) && in.at != n {
		t.lost("%d bytes arrived of %d written", in.at, n)
	}
}

// copied copies from src to a connection whose other end checks what comes.
func (t *trial) copied(what string, dst, peer net.Conn, src io.Reader, size int) {
	type result struct {
		n   int
		end bool
	}
	received := make(chan result, 1)
	t.spawn(func() {
		var in flow
		end := t.receive("read a "+what, peer, &in)
		received <- result{in.at, end}
	})
	t.doing(what)
	n, err := io.Copy(dst, src)
	complete := t.note(what, err)
	if complete && n != int64(size) && t.quiet() {
		t.lost("%s of %d bytes = %d", what, size, n)
	}
	if !t.note("close write", dst.(interface{ CloseWrite() error }).CloseWrite()) {
		return // and the reader waits for Close
	}
	if r := <-received; r.end && int64(r.n) != n {
		t.lost("%s: %d bytes arrived of %d", what, r.n, n)
	}
}

// sendfile copies a file to a connection.
func sendfile(t *trial) {
	const size = 200_000
	var all flow
	t.must("write the file", os.WriteFile("file", all.fill(make([]byte, size)), 0o600))
	f, err := os.Open("file")
	t.must("open the file", err)
	t.own(f)
	c, peer := t.pair("tcp")
	t.copied("sendfile", c, peer, f, size)
}

// splice copies from connections to connections.
func splice(t *trial) {
	for _, network := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}} {
		const size = 150_000
		from, src := t.pair(network[0])
		dst, peer := t.pair(network[1])
		t.spawn(func() {
			var out flow
			if t.send("write the source", from, &out, size) {
				t.note("close the source", from.(interface{ CloseWrite() error }).CloseWrite())
			} else {
				from.Close()
			}
		})
		t.copied("copy from "+network[0]+" to "+network[1], dst, peer, src, size)
	}
}

// buffers writes many buffers at once.
func buffers(t *trial) {
	c, peer := t.pair("tcp")
	var out, in flow
	var v [][]byte
	for i := range 30 {
		v = append(v, out.fill(make([]byte, i*97)))
		out.at += i * 97
	}
	n, err := t.writev(c, v)
	whole := t.note("writev", err)
	if whole && int(n) != out.at {
		t.lost("writev of %d bytes = %d", out.at, n)
	}
	t.must("close", c.Close())
	t.doing("read")
	if t.receive("read", peer, &in) && in.at != int(n) {
		t.lost("%d bytes arrived of %d", in.at, n)
	}
}

// refused dials where nobody listens.
func refused(t *trial) {
	l := t.listener("tcp", "127.0.0.1:0")
	t.must("close a listener", l.Close())
	for range 3 {
		t.doing("dial")
		c, err := t.dial("tcp", t.addr(l))
		if err == nil {
			c.Close()
			t.lost("a connection to nobody")
		}
		t.want("dial nobody", err, syscall.ECONNREFUSED)
	}
}
