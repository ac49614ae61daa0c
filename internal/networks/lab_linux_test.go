package networks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// sockets makes sockets, package net's or ours.
type sockets struct {
	dialer func(timeout time.Duration) dialer
	listen func(network, address string) (net.Listener, error)
	packet func(network, address string) (net.PacketConn, error)
}

type dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

var sides = map[string]sockets{
	"net": {
		func(timeout time.Duration) dialer { return &net.Dialer{Timeout: timeout} },
		net.Listen, net.ListenPacket,
	},
	"ours": {
		func(timeout time.Duration) dialer { return &netpoller.Dialer{Timeout: timeout} },
		netpoller.Listen, netpoller.ListenPacket,
	},
}

// tcpConn is what the connections of both have in common.
type tcpConn interface {
	net.Conn
	io.ReaderFrom
	io.WriterTo
	syscall.Conn
	CloseRead() error
	CloseWrite() error
	SetLinger(int) error
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}

// A step is a call of a scenario and what came of it.
type step struct {
	Call  string
	Value string // what it returned beside its error
	Short string // the error's text, without where it happened
	Error string // all that there is to know of the error
	Took  class
}

// A class is how long a call took, of classes so far apart that a busy machine does not
// confuse them.
type class string

const (
	atOnce  class = "at once"
	waited  class = "waited"
	slow    class = "too long"
	anyTime class = ""

	// An immediate result takes less than quickly, and whatever waits takes longer than that and
	// less than slowly.
	quickly = 900 * time.Millisecond
	slowly  = time.Minute

	// patience is the limit of calls that nothing else ends.
	patience = 1500 * time.Millisecond
)

func classOf(took time.Duration) class {
	switch {
	case took < quickly:
		return atOnce
	case took < slowly:
		return waited
	}
	return slow
}

// A lab is where a scenario runs: sockets, a wire, and the notes of what happened.
type lab struct {
	sockets
	*wire
	steps []step
	kept  []any // which the garbage collector shall not close
}

// step makes a call and notes what came of it, and how long it took.
func (l *lab) step(call string, f func() (value any, err error)) error {
	start := time.Now()
	value, err := f()
	l.note(call, value, err, classOf(time.Since(start)))
	return err
}

// whenever is step for a call that takes as long as it takes.
func (l *lab) whenever(call string, f func() (value any, err error)) error {
	value, err := f()
	l.note(call, value, err, anyTime)
	return err
}

func (l *lab) note(call string, value any, err error, took class) {
	s := step{Call: call, Took: took}
	if value != nil {
		s.Value = fmt.Sprint(value)
	}
	if err != nil {
		s.Short = nettest.NamePorts(nettest.Innermost(err).Error(), nil)
		s.Error = nettest.NamePorts(nettest.Describe(err), nil)
	}
	l.steps = append(l.steps, s)
}

// String returns a step as the page shows it.
func (s step) String() string {
	text := s.Call + ": "
	switch {
	case s.Value != "" && s.Short != "":
		text += s.Value + ", " + s.Short
	case s.Value != "":
		text += s.Value
	case s.Short != "":
		text += s.Short
	default:
		text += "ok"
	}
	if s.Took != anyTime && s.Took != atOnce {
		text += " (" + string(s.Took) + ")"
	}
	return text
}

// address returns a port of near or far.
func on(a fmt.Stringer, port int) string { return net.JoinHostPort(a.String(), fmt.Sprint(port)) }

const port = 7

// listening returns a listener on near.
func (l *lab) listening() net.Listener {
	ln, err := l.listen("tcp", on(near, port))
	must(err)
	l.keep(ln)
	return ln
}

// keep keeps what the garbage collector would close otherwise.
func (l *lab) keep(sockets ...any) { l.kept = append(l.kept, sockets...) }

// pair returns a connection through the wire, which is closed with nothing but the process.
func (l *lab) pair() (dialed, accepted tcpConn) {
	ln := l.listening()
	defer ln.Close()
	return l.pairOn(ln)
}

// pairOn is pair with a listener that there is.
func (l *lab) pairOn(ln net.Listener) (dialed, accepted tcpConn) {
	d, err := l.dialer(0).DialContext(ctx, "tcp", on(far, port))
	must(err)
	a, err := ln.Accept()
	must(err)
	l.keep(d, a)
	return d.(tcpConn), a.(tcpConn)
}

// dial is a step that dials.
func (l *lab) dial(call, address string, timeout time.Duration) (c net.Conn, err error) {
	err = l.step(call, func() (any, error) {
		c, err = l.dialer(timeout).DialContext(ctx, "tcp", address)
		return nil, nettest.LikeContext(err)
	})
	l.keep(c)
	return c, err
}

// read is a step that reads once.
func (l *lab) read(call string, c net.Conn) error {
	return l.step(call, func() (any, error) {
		buf := make([]byte, 1024)
		n, err := c.Read(buf)
		return fmt.Sprintf("%q", buf[:n]), err
	})
}

// write is a step that writes a few bytes.
func (l *lab) write(call string, c net.Conn) error {
	return l.step(call, func() (any, error) {
		n, err := c.Write([]byte("hello"))
		return n, err
	})
}

// close is a step that closes.
func (l *lab) close(call string, c io.Closer) {
	l.step(call, func() (any, error) { return nil, c.Close() })
}

// expire gives a connection a deadline as far away as patience.
func expire(c net.Conn) { must(c.SetDeadline(time.Now().Add(patience))) }

// content returns bytes that look like nothing else.
func content(n int) []byte {
	b, random := make([]byte, n), dice()
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// describe returns how much there is of the content, and whether it is that.
func describe(got, want []byte) string {
	if bytes.Equal(got, want) {
		return fmt.Sprintf("all %d bytes, SHA-256 %.4x", len(got), sha256.Sum256(got))
	}
	return fmt.Sprintf("%d bytes of %d, SHA-256 %.4x", len(got), len(want), sha256.Sum256(got))
}

// A report is what a child prints.
type report struct {
	Steps  []step
	Stall  time.Duration // for how long the process stood still at the most
	NoWire string        // why there is no wire
	Failed string        // what made the scenario panic
}

// longestStall is for how long a process may stand still and its classes of time still be
// right, and the kernel not have sent again what only was not looked at.
const longestStall = quickly / 3

// run is the program of a child: it runs a scenario over one side.
func run(args []string) {
	l := &lab{sockets: sides[args[1]]}
	var err error
	if l.wire, err = newWire(); err != nil {
		must(json.NewEncoder(os.Stdout).Encode(report{NoWire: err.Error()}))
		return
	}
	var stall atomic.Int64
	go func() {
		const tick = 20 * time.Millisecond
		for start := time.Now(); ; start = time.Now() {
			time.Sleep(tick)
			stall.Store(max(stall.Load(), int64(time.Since(start)-tick)))
		}
	}()
	defer func() {
		r := report{Steps: l.steps, Stall: time.Duration(stall.Load())}
		if failure := recover(); failure != nil {
			r.Failed = fmt.Sprintf("%v\n%s", failure, debug.Stack())
		}
		must(json.NewEncoder(os.Stdout).Encode(r))
		runtime.KeepAlive(l)
	}()
	scenarioNamed(args[0]).run(l)
}
