package resources

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"time"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// sockets makes sockets, package net's or ours.
type sockets struct {
	dial   func(network, address string) (net.Conn, error)
	listen func(network, address string) (net.Listener, error)
	packet func(network, address string) (net.PacketConn, error)

	// dialTCP dials from an address.
	dialTCP func(from, to *net.TCPAddr) (net.Conn, error)
}

var sides = map[string]sockets{
	"net": {net.Dial, net.Listen, net.ListenPacket,
		func(from, to *net.TCPAddr) (net.Conn, error) { return net.DialTCP("tcp", from, to) }},
	"ours": {netpoller.Dial, netpoller.Listen, netpoller.ListenPacket,
		func(from, to *net.TCPAddr) (net.Conn, error) { return netpoller.DialTCP("tcp", from, to) }},
}

// An outcome is what came of a call, at first and when it was made again with more of what
// it needs.
type outcome struct {
	Call  string
	Short string // the first error's text, without where it happened
	Error string // all that there is to know of the first error
	Again string // the second error's text, if there was one
}

// A child notes outcomes.
type child struct {
	sockets
	outcomes []outcome
}

// try makes a call, and if it fails makes it again between relief and the end of it.
func (c *child) try(call string, f func() error, relief, end func()) {
	o := outcome{Call: call}
	if err := f(); err != nil {
		o.Short, o.Error = nettest.Innermost(err).Error(), nettest.NamePorts(nettest.Describe(err), nil)
		relief()
		if err := f(); err != nil {
			o.Again = err.Error()
		}
		end()
	}
	c.outcomes = append(c.outcomes, o)
}

// print prints the outcomes for the parent.
func (c *child) print() { must(json.NewEncoder(os.Stdout).Encode(c.outcomes)) }

// failed returns the outcome of a call, and whether it failed at first.
func failed(outcomes []outcome, call string) (o outcome, did bool) {
	for _, o := range outcomes {
		if o.Call == call {
			return o, o.Short != ""
		}
	}
	panic("nobody called " + call)
}

// A use is the sockets that a program opens one after the other, and keeps.
type use struct {
	child
	listener net.Listener
	dialed   net.Conn
	accepted net.Conn
	keep     []any
}

// step is a call that needs something.
type step struct {
	name string
	call func(u *use) error
}

// steps are the calls of a program, in order. Those that exchange bytes need descriptors
// too, for what they wait with.
var steps = []step{
	{"listen", func(u *use) (err error) { u.listener, err = u.listen("tcp", "127.0.0.1:0"); return err }},
	{"dial", func(u *use) (err error) { u.dialed, err = u.dial("tcp", u.listener.Addr().String()); return err }},
	{"accept", func(u *use) (err error) { u.accepted, err = u.listener.Accept(); return err }},
	{"exchange", func(u *use) error { return exchange(u.dialed, u.accepted) }},
	{"listen UDP", func(u *use) error { c, err := u.packet("udp", "127.0.0.1:0"); return u.kept(c, err) }},
	{"dial UDP", func(u *use) error { c, err := u.dial("udp", "127.0.0.1:9"); return u.kept(c, err) }},
	{"listen Unix", func(u *use) error { c, err := u.listen("unix", ""); return u.kept(c, err) }},
	{"File", func(u *use) error { f, err := u.dialed.(filer).File(); return u.kept(f, err) }},
	{"exchange again", func(u *use) error { return exchange(u.accepted, u.dialed) }},
}

type filer interface{ File() (*os.File, error) }

func (u *use) kept(v any, err error) error {
	u.keep = append(u.keep, v)
	return err
}

// exchange sends bytes there and back. The reads wait: that of b before anything is sent.
func exchange(a, b net.Conn) error {
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, 5)
		n, err := b.Read(buf)
		if time.Sleep(toWait); err == nil {
			_, err = b.Write(buf[:n])
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(2 * toWait):
	}
	if _, err := a.Write([]byte("hello")); err != nil {
		return err
	}
	buf := make([]byte, 5)
	if _, err := a.Read(buf); err != nil {
		return err
	}
	if string(buf) != "hello" {
		return errors.New("other bytes came back")
	}
	return <-done
}

// toWait is long enough for a goroutine to begin to wait, on a busy machine too.
const toWait = 100 * time.Millisecond

func must(err error) {
	if err != nil {
		panic(err)
	}
}
