package waiting

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// patientConn is what our connections have and package net's have not.
type patientConn interface {
	net.Conn
	NotifyReadable(f func()) (stop func() bool)
	WaitReadable(ctx context.Context) error
	WaitWritable(ctx context.Context) error
	ReadContext(ctx context.Context, b []byte) (int, error)
	WriteContext(ctx context.Context, b []byte) (int, error)
	PeerClosed() bool
}

var (
	_ patientConn = (*netpoller.TCPConn)(nil)
	_ patientConn = (*netpoller.UDPConn)(nil)
	_ patientConn = (*netpoller.UnixConn)(nil)
	_ patientConn = (*netpoller.IPConn)(nil)
)

// A patientLink is one of our connections, and a peer that is package net's.
type patientLink struct {
	c      patientConn
	peer   net.Conn
	packet bool // the peer cannot end it
	header int  // what Read returns before the data
}

// links makes a link of each kind.
var links = map[string]func(t *testing.T) patientLink{
	"tcp":        func(t *testing.T) patientLink { return streamLink(t, "tcp", "127.0.0.1:0") },
	"unix":       func(t *testing.T) patientLink { return streamLink(t, "unix", filepath.Join(t.TempDir(), "s")) },
	"unixpacket": func(t *testing.T) patientLink { return streamLink(t, "unixpacket", filepath.Join(t.TempDir(), "s")) },
	"unixgram":   unixgramLink,
	"udp":        udpLink,
	"ip":         ipLink,
}

// eachLink runs f with a link of each kind. Raw IP is root's.
func eachLink(t *testing.T, f func(t *testing.T, l patientLink)) {
	for name, makeLink := range links {
		t.Run(name, func(t *testing.T) {
			l := makeLink(t)
			t.Cleanup(func() { l.c.Close(); l.peer.Close() })
			f(t, l)
		})
	}
}

func streamLink(t *testing.T, network, address string) patientLink {
	ln, err := net.Listen(network, address)
	require.NoError(t, err)
	defer ln.Close()
	c, err := netpoller.Dial(network, ln.Addr().String())
	require.NoError(t, err)
	for {
		peer, err := ln.Accept()
		require.NoError(t, err)
		if network != "tcp" || peer.RemoteAddr().String() == c.LocalAddr().String() {
			return patientLink{c: c.(patientConn), peer: peer}
		}
		peer.Close() // a dial of some other test strayed here
	}
}

func unixgramLink(t *testing.T) patientLink {
	dir := t.TempDir()
	a := &net.UnixAddr{Name: filepath.Join(dir, "a"), Net: "unixgram"}
	b := &net.UnixAddr{Name: filepath.Join(dir, "b"), Net: "unixgram"}
	bound, err := netpoller.ListenUnixgram("unixgram", a)
	require.NoError(t, err)
	peer, err := net.ListenUnixgram("unixgram", b)
	require.NoError(t, err)
	nettest.Connect(t, bound, &syscall.SockaddrUnix{Name: b.Name})
	nettest.Connect(t, peer, &syscall.SockaddrUnix{Name: a.Name})
	return patientLink{c: bound, peer: peer, packet: true}
}

func udpLink(t *testing.T) patientLink {
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	c, err := netpoller.DialUDP("udp4", nil, peer.LocalAddr().(*net.UDPAddr))
	require.NoError(t, err)
	to := c.LocalAddr().(*net.UDPAddr)
	nettest.Connect(t, peer, &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())})
	return patientLink{c: c, peer: peer, packet: true}
}

func ipLink(t *testing.T) patientLink {
	here, there := &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.IPAddr{IP: net.IPv4(127, 0, 0, 2)}
	c, err := netpoller.DialIP("ip4:253", here, there)
	if errors.Is(err, os.ErrPermission) {
		t.Skip("only root can open a raw socket")
	}
	require.NoError(t, err)
	peer, err := net.DialIP("ip4:253", there, here)
	require.NoError(t, err)
	return patientLink{c: c, peer: peer, packet: true, header: 20}
}

// send lets the peer send.
func (l patientLink) send(t *testing.T, data string) {
	t.Helper()
	_, err := l.peer.Write([]byte(data))
	require.NoError(t, err)
}

// reads reads what the peer sent, before the test has waited too long.
func (l patientLink) reads(t *testing.T, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nettest.Patience)
	defer cancel()
	b := make([]byte, 100)
	n, err := l.c.ReadContext(ctx, b)
	require.NoError(t, err)
	require.Equal(t, want, string(b[l.header:n]))
}

// notified begins a notification and returns a channel that is told.
func (l patientLink) notified() (told chan struct{}, stop func() bool) {
	told = make(chan struct{}, 2)
	return told, l.c.NotifyReadable(func() { told <- struct{}{} })
}
