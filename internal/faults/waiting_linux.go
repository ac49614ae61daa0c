package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller"
)

// waiting waits in the ways that package net does not have.
func waiting(t *trial) {
	client, server := t.pair("tcp")
	c, peer := client.(*netpoller.TCPConn), server.(*netpoller.TCPConn)
	p := make([]byte, 10)
	for range 2 {
		told := make(chan struct{}, 1)
		c.NotifyReadable(func() { told <- struct{}{} })
		if _, err := io.WriteString(peer, "hello"); !t.note("write", err) {
			c.Close()
			return
		}
		t.doing("wait for a notification")
		<-told
		n, err := io.ReadFull(c, p[:5])
		t.must("read", err)
		if string(p[:n]) != "hello" {
			t.lost("hello came as %q", p[:n])
		}
	}
	stop := c.NotifyReadable(func() {})
	stop()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	t.want("WaitReadable", c.WaitReadable(ctx), context.DeadlineExceeded)
	n, err := c.ReadContext(ctx, p)
	if n > 0 {
		t.lost("%d bytes from nowhere", n)
	}
	t.want("ReadContext", err, context.DeadlineExceeded)
	t.must("WaitWritable", c.WaitWritable(context.Background()))
	if c.PeerClosed() {
		t.must("PeerClosed", errors.New("is true"))
	}
	limited := netpoller.WithTimeout(c, 5*time.Millisecond, 20*time.Millisecond)
	_, err = limited.Read(p)
	t.want("read until a limit", err, os.ErrDeadlineExceeded)
	overflow(t, c, limited, peer)
	batches(t)
}

// overflow writes until the limit of a Write passes, and looks what arrives.
func overflow(t *trial, c *netpoller.TCPConn, limited net.Conn, peer *netpoller.TCPConn) {
	t.must("SetWriteBuffer", c.SetWriteBuffer(4096))
	t.must("SetReadBuffer", peer.SetReadBuffer(4096))
	out, in := flow{salt: 5}, flow{salt: 5}
	n, err := limited.Write(out.fill(make([]byte, 8<<20)))
	t.want("write until a limit", err, os.ErrDeadlineExceeded)
	t.must("CloseWrite", c.CloseWrite())
	t.doing("read what was written")
	if t.receive("read what was written", peer, &in) && in.at != n {
		t.lost("%d bytes arrived of %d written", in.at, n)
	}
	t.must("close", c.Close())
	t.doing("read the end")
	if !peer.PeerClosed() {
		t.must("PeerClosed", errors.New("is false after Close"))
	}
}

// batches sends and receives many packets in one call.
func batches(t *trial) {
	open := func() *netpoller.UDPConn { return t.packets("udp", "127.0.0.1:0").(*netpoller.UDPConn) }
	a, b := open(), open()
	var in, out []netpoller.Message
	for i := range 4 {
		out = append(out, netpoller.Message{Buffers: [][]byte{{byte(i)}}, Addr: b.LocalAddr()})
		in = append(in, netpoller.Message{Buffers: [][]byte{make([]byte, 8)}})
	}
	for sent := 0; sent < len(out); {
		n, err := a.WriteBatch(out[sent:], 0)
		t.must("WriteBatch", err)
		sent += n
	}
	for got := 0; got < len(out); {
		n, err := b.ReadBatch(in, 0)
		t.must("ReadBatch", err)
		for _, m := range in[:n] {
			if m.N != 1 || m.Buffers[0][0] != byte(got) {
				t.lost("packet %d came as %v", got, m.Buffers[0][:m.N])
			}
			got++
		}
	}
}

// lent uses sockets of which others have the descriptor, which may block.
func lent(t *trial) {
	l := t.listener("tcp", "127.0.0.1:0")
	raw, err := l.(*netpoller.TCPListener).SyscallConn()
	t.must("SyscallConn", err)
	t.must("Control", raw.Control(func(fd uintptr) { syscall.SetNonblock(int(fd), false) }))
	t.accepts(l, func(c net.Conn) {
		_, err := io.Copy(c, c)
		t.note("server copies", err)
	})
	for range 2 {
		c := t.dialed("tcp", t.addr(l))
		raw, err := c.(syscall.Conn).SyscallConn()
		t.must("SyscallConn", err)
		t.must("Control", raw.Control(func(fd uintptr) { syscall.SetNonblock(int(fd), false) }))
		var out, in flow
		if !t.send("write", c, &out, 5000) {
			return
		}
		t.must("CloseWrite", c.(*netpoller.TCPConn).CloseWrite())
		t.doing("read")
		if t.receive("read", c, &in) && in.at != out.at && t.quiet() {
			t.lost("%d bytes of %d came back", in.at, out.at)
		}
	}
}
