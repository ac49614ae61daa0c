package main

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller"
)

// A server serves WebSockets: it sends each message back, answers pings and the end of a
// connection, and sends a text that begins with toAll to all.
type server struct {
	address string
	online  func() int // how many are upgraded and have not ended
	stop    func()     // closes the listener, and the connections that are upgraded
}

// toAll begins the text of a broadcast.
const toAll = "/all "

// longest is how many bytes a message may have. A longer one ends its connection.
const longest = 1 << 20

// patience is how long a peer may take no more, or stop within a message.
var patience = 5 * time.Second // less in tests

// A kind is a way to serve. Its start listens at a free port of 127.0.0.1, over TLS if there
// is a certificate.
type kind struct {
	name  string
	start func(certificate *tls.Certificate) (*server, error)
}

// kinds are compared. The second is the code of the first with the listener of package net,
// whose connections an IdleServer gives a goroutine each: it tells the poller from the library.
var kinds = []kind{
	{"netpoller", func(c *tls.Certificate) (*server, error) { return serveIdle(netpoller.Listen, patience, c) }},
	{"net", func(c *tls.Certificate) (*server, error) { return serveIdle(net.Listen, 0, c) }},
	{"gorilla", serveGoroutines},
	{"nbio", serveNbio},
}

// kindNamed returns the kind with a name.
func kindNamed(name string) (kind, error) {
	var names []string
	for _, k := range kinds {
		if k.name == name {
			return k, nil
		}
		names = append(names, k.name)
	}
	return kind{}, fmt.Errorf("there is no server %q, but %s", name, strings.Join(names, ", "))
}

// configOf returns what a server of crypto/tls needs, or nil without a certificate.
func configOf(certificate *tls.Certificate) *tls.Config {
	if certificate == nil {
		return nil
	}
	return &tls.Config{Certificates: []tls.Certificate{*certificate}}
}

// A room is the set of those who get a broadcast.
type room[C comparable] struct {
	mu      sync.Mutex
	members map[C]struct{}
}

func (r *room[C]) enter(c C) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = make(map[C]struct{})
	}
	r.members[c] = struct{}{}
}

func (r *room[C]) leave(c C) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, c)
}

func (r *room[C]) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members)
}

// each calls f for all who are there now. They may leave meanwhile.
func (r *room[C]) each(f func(C)) {
	r.mu.Lock()
	now := slices.Collect(maps.Keys(r.members))
	r.mu.Unlock()
	for _, c := range now {
		f(c)
	}
}

// abort closes the socket of c, which takes no more. Close of a tls.Conn would first wait until it
// takes a record that says so.
func abort(c net.Conn) {
	if over, ok := c.(*tls.Conn); ok {
		c = over.NetConn()
	}
	c.Close()
}
