package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// udp sends packets in every way.
func udp(t *trial) {
	a, b := t.packets("udp", "127.0.0.1:0"), t.packets("udp", "127.0.0.1:0")
	p := make([]byte, 100)
	for i := range 4 {
		text := []byte(fmt.Sprint("packet ", i))
		_, err := a.WriteTo(text, b.LocalAddr())
		t.must("WriteTo", err)
		n, from, err := b.ReadFrom(p)
		t.must("ReadFrom", err)
		if !bytes.Equal(p[:n], text) || fmt.Sprint(from) != fmt.Sprint(a.LocalAddr()) {
			t.lost("%q came from %v as %q", text, from, p[:n])
		}
	}
	type messenger interface {
		ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error)
		WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
	}
	for range 2 {
		_, _, err := a.(messenger).WriteMsgUDP([]byte("message"), nil, b.LocalAddr().(*net.UDPAddr))
		t.must("WriteMsgUDP", err)
		n, _, _, _, err := b.(messenger).ReadMsgUDP(p, nil)
		t.must("ReadMsgUDP", err)
		if string(p[:n]) != "message" {
			t.lost("a message came as %q", p[:n])
		}
	}
	c := t.dialed("udp", b.LocalAddr().String())
	for range 2 {
		_, err := c.Write([]byte("hello"))
		t.must("write to a peer", err)
		n, from, err := b.ReadFrom(p)
		t.must("ReadFrom", err)
		_, err = b.WriteTo(p[:n], from)
		t.must("WriteTo", err)
		t.must("SetDeadline", c.SetDeadline(time.Now().Add(dialLimit)))
		n, err = c.Read(p)
		t.must("read from a peer", err)
		if string(p[:n]) != "hello" {
			t.lost("hello came back as %q", p[:n])
		}
	}
	t.must("SetDeadline", b.SetDeadline(time.Now().Add(time.Millisecond)))
	if n, _, err := b.ReadFrom(p); err == nil {
		t.lost("%q came twice", p[:n])
	}
}

// unixSockets has streams and packets with names.
func unixSockets(t *trial) {
	for _, network := range []string{"unix", "unixpacket"} {
		l := t.listener(network, "server")
		t.accepts(l, func(c net.Conn) {
			p := make([]byte, 100)
			for {
				n, err := c.Read(p)
				if err == io.EOF || !t.note("server reads", err) {
					return
				}
				if _, err = c.Write(p[:n]); !t.note("server writes", err) {
					return
				}
			}
		})
		c := t.dialed(network, "server")
		p := make([]byte, 100)
		for i := range 3 {
			text := fmt.Sprint("message ", i)
			_, err := io.WriteString(c, text)
			t.must("write", err)
			t.doing("read")
			n, err := c.Read(p)
			t.must("read", err)
			if string(p[:n]) != text {
				t.lost("%q came back as %q", text, p[:n])
			}
		}
		t.must("close", c.Close())
		t.must("close a listener", l.Close())
		if _, err := os.Lstat("server"); err == nil {
			t.must("the name of a listener", errors.New("is left"))
		}
	}
	a, b := t.packets("unixgram", "a"), t.packets("unixgram", "b")
	p := make([]byte, 100)
	for i := range 3 {
		text := fmt.Sprint("packet ", i)
		_, err := a.WriteTo([]byte(text), b.LocalAddr())
		t.must("WriteTo", err)
		t.doing("ReadFrom")
		n, from, err := b.ReadFrom(p)
		t.must("ReadFrom", err)
		if string(p[:n]) != text || from.String() != "a" {
			t.lost("%q came from %v as %q", text, from, p[:n])
		}
	}
}

// file takes descriptors out of connections and puts them in, and sets options.
func file(t *trial) {
	c, peer := t.pair("tcp")
	tcp := c.(interface {
		File() (*os.File, error)
		SetKeepAlive(bool) error
		SetNoDelay(bool) error
		SetLinger(int) error
		SyscallConn() (syscall.RawConn, error)
	})
	t.must("SetKeepAlive", tcp.SetKeepAlive(false))
	t.must("SetNoDelay", tcp.SetNoDelay(false))
	t.must("SetLinger", tcp.SetLinger(-1))
	f, err := tcp.File()
	t.must("File", err)
	t.own(f)
	again, err := t.fileConn(f)
	t.must("FileConn", err)
	t.own(again)
	raw, err := tcp.SyscallConn()
	t.must("SyscallConn", err)
	t.must("Control", raw.Control(func(uintptr) {}))
	p := make([]byte, 10)
	for _, w := range []io.Writer{again, c} {
		_, err = io.WriteString(w, "hello")
		t.must("write", err)
		t.doing("read")
		n, err := peer.Read(p)
		t.must("read", err)
		if string(p[:n]) != "hello" {
			t.lost("hello came as %q", p[:n])
		}
	}
	t.must("close", c.Close())
	_, err = io.WriteString(peer, "back")
	t.must("write back", err)
	t.doing("read from a file's connection")
	n, err := again.Read(p)
	t.must("read from a file's connection", err)
	if string(p[:n]) != "back" {
		t.lost("back came as %q", p[:n])
	}
}
