package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/a57b2d82/netpoller"
)

const (
	// perSource is how many connections come from one address. That has some 28,000 ports, but
	// the kernel looks long for a free one when few are left.
	perSource = 4_000

	dialers  = 32               // at once
	longWait = 30 * time.Second // for a handshake, or until all have a broadcast
)

// A Load is the clients of a server, in a process of their own. They are the same for each
// server: gobwas/ws on an IdleServer. The parent calls its methods.
type Load struct {
	idle   netpoller.IdleServer
	conns  []*listener
	now    atomic.Pointer[broadcast]
	failed chan error // has the first failure
}

// A listener is a connection of a Load.
type listener struct {
	net.Conn
	index int
}

// NetConn lets the IdleServer find the socket.
func (l *listener) NetConn() net.Conn { return l.Conn }

// A broadcast is under way.
type broadcast struct {
	began time.Time
	took  []time.Duration // by the index of the listener
	left  atomic.Int64
	all   chan struct{} // closed when none is left
}

// Target is the server that a Load connects to.
type Target struct {
	Address     string
	Certificate []byte // nil without TLS
	Conns       int
}

// Connect makes the connections, and returns when all are upgraded.
func (l *Load) Connect(target Target, _ *struct{}) error {
	l.failed = make(chan error, 1)
	l.conns = make([]*listener, target.Conns)
	l.idle.Serve = l.serve
	l.idle.Done = func(_ net.Conn, err error) { l.fail(err) }
	var config *tls.Config
	if target.Certificate != nil {
		leaf, err := x509.ParseCertificate(target.Certificate)
		if err != nil {
			return err
		}
		config = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
		config.RootCAs.AddCert(leaf)
	}
	var all sync.WaitGroup
	for first := range dialers {
		all.Go(func() {
			for i := first; i < target.Conns && len(l.failed) == 0; i += dialers {
				c, err := dial(target.Address, net.IPv4(127, 0, 0, byte(2+i/perSource)), config)
				if err != nil {
					l.fail(fmt.Errorf("connection %d: %w", i, err))
					return
				}
				l.conns[i] = &listener{Conn: c, index: i}
				l.idle.Add(l.conns[i])
			}
		})
	}
	all.Wait()
	select {
	case err := <-l.failed:
		return err
	default:
		return nil
	}
}

// fail records a failure, unless there is one.
func (l *Load) fail(err error) {
	select {
	case l.failed <- err:
	default:
	}
}

// dial returns a connection that is upgraded.
func dial(address string, source net.IP, config *tls.Config) (net.Conn, error) {
	d := netpoller.Dialer{LocalAddr: &net.TCPAddr{IP: source}, Timeout: longWait}
	c, err := d.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c.(*netpoller.TCPConn).SetLinger(0) // leave no ports in TIME_WAIT
	if config != nil {
		c = tls.Client(c, config)
	}
	if err := c.SetDeadline(time.Now().Add(longWait)); err != nil {
		return nil, err
	}
	if _, _, err := (ws.Dialer{}).Upgrade(c, &url.URL{Scheme: "ws", Host: address, Path: "/"}); err != nil {
		return nil, err
	}
	return c, c.SetDeadline(time.Time{})
}

// Broadcast has one client send a text of some length to all, and returns how long it took until
// each had it.
func (l *Load) Broadcast(length int, took *[]time.Duration) error {
	b := &broadcast{took: make([]time.Duration, len(l.conns)), all: make(chan struct{})}
	b.left.Store(int64(len(l.conns)))
	l.now.Store(b)
	text := []byte(toAll + strings.Repeat("x", max(0, length-len(toAll))))
	frame, err := ws.CompileFrame(ws.MaskFrame(ws.NewTextFrame(text)))
	if err != nil {
		return err
	}
	b.began = time.Now()
	if _, err := l.conns[rand.IntN(len(l.conns))].Write(frame); err != nil {
		return err
	}
	select {
	case <-b.all:
		*took = b.took
		return nil
	case err := <-l.failed:
		return err
	case <-time.After(longWait):
		return fmt.Errorf("%d of %d do not have the broadcast after %v", b.left.Load(), len(l.conns), longWait)
	}
}

// serve reads a broadcast.
func (l *Load) serve(c net.Conn, r *bufio.Reader) error {
	header, err := ws.ReadHeader(r)
	if err != nil {
		return err
	}
	if _, err := r.Discard(int(header.Length)); err != nil {
		return err
	}
	b := l.now.Load()
	if b == nil || header.OpCode != ws.OpText {
		return errors.New("a frame that is no broadcast")
	}
	b.took[c.(*listener).index] = time.Since(b.began)
	if b.left.Add(-1) == 0 {
		close(b.all)
	}
	return nil
}
