package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	net "github.com/a57b2d82/netpoller"
)

// A strike is how a fault shows itself: what reading a blob does from its middle on.
type strike func(s *spoiled, p []byte) (int, error)

// A scenario is what goes wrong while an image is pulled: the first requests for each layer
// are struck, one by each of the strikes; the requests after those go well.
type scenario struct {
	name, means string
	strikes     []strike
}

var scenarios = []scenario{
	{"none", "nothing goes wrong", nil},
	{"stall", "the server falls silent in the middle, twice", []strike{stall, stall}},
	{"reset", "the connection is reset in the middle, twice", []strike{reset, reset}},
	{"truncate", "the answer ends in the middle, twice", []strike{truncate, truncate}},
	{"corrupt", "a byte is another one when it arrives", []strike{corrupt}},
	{"slow", "the second half takes longer than a Read may, but never stops", []strike{slow}},
	{"refuse", "a reset, and then nobody listens for a moment", []strike{refuse}},
	{"all", "all of these, one after the other", []strike{stall, reset, truncate, refuse, corrupt, slow}},
	{"rotten", "a byte is another one, every time", slices.Repeat([]strike{corrupt}, 100)},
}

// choose returns the scenario of that name or, without one, each that can end well.
func choose(name string) ([]scenario, error) {
	if name == "" {
		return scenarios[:len(scenarios)-1], nil
	}
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no fault %q, only %s", name, scenarioNames())
	}
	return scenarios[i : i+1], nil
}

func scenarioNames() string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// suffer begins a scenario.
func (reg *registry) suffer(s scenario) {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.scenario, reg.requests = s, make([]int, len(reg.blobs))
}

// next returns what strikes the next request for a layer: nil for nothing.
func (reg *registry) next(layer int) strike {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	n := reg.requests[layer]
	reg.requests[layer]++
	if n >= len(reg.scenario.strikes) {
		return nil
	}
	return reg.scenario.strikes[n]
}

// A spoiled is a blob as http.ServeContent reads it for one response: what Read returns is
// what the client gets.
type spoiled struct {
	blob   *bytes.Reader
	strike strike
	sound  int // bytes to go before it strikes
	reg    *registry
	r      *http.Request
}

func (s *spoiled) Seek(offset int64, whence int) (int64, error) {
	at, err := s.blob.Seek(offset, whence)
	s.sound = s.blob.Len() / 2 // the middle of what this request is about
	return at, err
}

func (s *spoiled) Read(p []byte) (int, error) {
	switch {
	case s.strike == nil:
		return s.blob.Read(p)
	case s.sound == 0:
		return s.strike(s, p)
	}
	n, err := s.blob.Read(p[:min(len(p), s.sound)])
	s.sound -= n
	return n, err
}

// stall sends nothing more until the client has had enough and hangs up.
func stall(s *spoiled, p []byte) (int, error) {
	<-s.r.Context().Done()
	return 0, s.r.Context().Err()
}

// truncate ends the body before it has as many bytes as the header said, after which
// net/http closes the connection. This is also what a proxy that runs out of space does.
func truncate(s *spoiled, p []byte) (int, error) { return 0, io.EOF }

// reset is truncate, but the connection is closed without lingering: what was written and
// has not been sent is thrown away, and the peer gets a RST, as if the server had crashed.
func reset(s *spoiled, p []byte) (int, error) {
	if c, ok := s.r.Context().Value(connKey{}).(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	return truncate(s, p)
}

// connKey is where a request's context has its connection.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// corrupt flips a bit, as broken memory does. Nothing below the digest will notice.
func corrupt(s *spoiled, p []byte) (int, error) {
	s.strike = nil
	n, err := s.blob.Read(p)
	if n > 0 {
		p[0] ^= 1
	}
	return n, err
}

// pieces are what slow makes of a blob: twelve of its second half.
const pieces = 24

// slow sends a piece now and then. The pauses are shorter than a Read may take; together
// they are longer.
func slow(s *spoiled, p []byte) (int, error) {
	if err := wait(s.r.Context(), s.reg.pause); err != nil {
		return 0, err
	}
	return s.blob.Read(p[:min(len(p), int(s.blob.Size())/pieces+1)])
}

// refuse is a server that restarts.
func refuse(s *spoiled, p []byte) (int, error) {
	s.reg.refuse()
	return reset(s, p)
}
