package copy

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A bulkSink is something to WriteTo, and what to look at afterwards.
type bulkSink func(s *both.Side) (w io.Writer, after func() []any)

var bulkSinks = map[string]bulkSink{
	"bytes.Buffer": func(*both.Side) (io.Writer, func() []any) {
		b := new(bytes.Buffer)
		return b, func() []any { return both.Results(b.String()) }
	},
	"writer": func(*both.Side) (io.Writer, func() []any) {
		b := new(bytes.Buffer)
		return struct{ io.Writer }{b}, func() []any { return both.Results(b.String()) }
	},
	"failing writer": func(*both.Side) (io.Writer, func() []any) { return failing{io.ErrClosedPipe}, none },
	"file":           fileSink(os.O_RDWR),
	"file to append": fileSink(os.O_RDWR | os.O_APPEND),
	"pipe":           pipeSink,

	"TCP":                    tcpSink(func(both.TCPConn) {}),
	"TCP, closed":            tcpSink(func(c both.TCPConn) { c.Close() }),
	"TCP, past deadline":     tcpSink(func(c both.TCPConn) { c.SetDeadline(nettest.LongAgo) }),
	"TCP, write side closed": tcpSink(func(c both.TCPConn) { c.CloseWrite() }),
	"package net's": func(s *both.Side) (io.Writer, func() []any) {
		c, peer := s.Theirs().Pair()
		return c, received(s, c, peer)
	},

	"unix":                unixSink("unix", func(net.Conn) {}),
	"unix, closed":        unixSink("unix", func(c net.Conn) { c.Close() }),
	"unix, past deadline": unixSink("unix", func(c net.Conn) { c.SetDeadline(nettest.LongAgo) }),
	"unix, peer closed": func(s *both.Side) (io.Writer, func() []any) {
		c, peer := s.StreamPair("unix")
		peer.Close()
		return c, none
	},
	"unixpacket": unixSink("unixpacket", func(net.Conn) {}),
}

func fileSink(flags int) bulkSink {
	return func(s *both.Side) (io.Writer, func() []any) {
		f := file(s, flags)
		return f, position(f)
	}
}

func pipeSink(s *both.Side) (io.Writer, func() []any) {
	r, w, err := os.Pipe()
	require.NoError(s, err)
	return w, func() []any {
		w.Close()
		b, err := io.ReadAll(r)
		r.Close()
		return both.Results(string(b), err)
	}
}

// tcpSink returns a connection that has come to a state.
func tcpSink(reach func(c both.TCPConn)) bulkSink {
	return func(s *both.Side) (io.Writer, func() []any) {
		c, peer := s.Pair()
		reach(c)
		return c, received(s, c, peer)
	}
}

// unixSink is the same of Unix sockets.
func unixSink(network string, reach func(c net.Conn)) bulkSink {
	return func(s *both.Side) (io.Writer, func() []any) {
		c, peer := s.StreamPair(network)
		reach(c)
		return c, received(s, c, peer)
	}
}

// bulkStates are what a connection that is read in bulk may have come to.
var bulkStates = map[string]func(s *both.Side) both.TCPConn{
	"data":          tcpSource,
	"closed":        func(s *both.Side) both.TCPConn { c := tcpSource(s); c.Close(); return c },
	"past deadline": func(s *both.Side) both.TCPConn { c := tcpSource(s); c.SetDeadline(nettest.LongAgo); return c },
	"reset":         func(s *both.Side) both.TCPConn { c, peer := s.Pair(); both.Reset(s, c, peer); return c },
}

// If this fails, WriteTo to some writer tells another count or error than package
// net's.
func TestWriteToLikeNet(t *testing.T) {
	for name, sink := range bulkSinks {
		for source, open := range bulkStates {
			for way, move := range map[string]func(c both.TCPConn, w io.Writer) (int64, error){
				"WriteTo": func(c both.TCPConn, w io.Writer) (int64, error) { return c.WriteTo(w) },
				"Copy":    func(c both.TCPConn, w io.Writer) (int64, error) { return io.Copy(w, c) },
			} {
				t.Run(name+"/"+source+"/"+way, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						c := open(s)
						w, after := sink(s)
						n, err := move(c, w)
						if name == "package net's" || strings.HasPrefix(name, "file") || name == "pipe" {
							err = nettest.Innermost(err)
						}
						return append(both.Results(n, err), after()...)
					})
				})
			}
		}
	}
}
