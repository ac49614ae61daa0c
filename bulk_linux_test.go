package netpoller_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The tests here compare ReadFrom and WriteTo with package net's.

// A bulkSource is something to ReadFrom, and what to look at afterwards.
type bulkSource struct {
	name string
	open func(s *side) (r io.Reader, after func() []any)
}

// seen is what of an error is compared.
func (src bulkSource) seen(err error) error {
	if src.name == "package net's" {
		return innermost(err)
	}
	return err
}

func none() []any { return nil }

const content = "What is in the file, from here to there."

// file returns a file with content in it, opened as flags say.
func (s *side) file(flags int) *os.File {
	name := filepath.Join(os.TempDir(), fmt.Sprintf("netpoller-bulk-%d", os.Getpid())) // one name for both sides
	s.Cleanup(func() { os.Remove(name) })
	require.NoError(s, os.WriteFile(name, []byte(content), 0o600))
	f, err := os.OpenFile(name, flags, 0)
	require.NoError(s, err)
	s.Cleanup(func() { f.Close() })
	return f
}

// position returns where a file is, and whether it is open.
func position(f *os.File) func() []any {
	return func() []any {
		at, err := f.Seek(0, io.SeekCurrent)
		return results(at, err == nil)
	}
}

func limit(r io.Reader, n int64, after func() []any) (io.Reader, func() []any) {
	l := &io.LimitedReader{R: r, N: n}
	return l, func() []any { return append(results("left", l.N), after()...) }
}

// unixSource returns a Unix socket whose peer sent content and closed.
func (s *side) unixSource(network string) net.Conn {
	c, peer := s.streamPair(network)
	_, err := io.WriteString(peer, content)
	require.NoError(s, err)
	require.NoError(s, peer.Close())
	return c
}

// tcpSource is the same with TCP.
func (s *side) tcpSource() tcpConn {
	c, peer := s.pair()
	_, err := io.WriteString(peer, content)
	require.NoError(s, err)
	require.NoError(s, peer.Close())
	return c
}

var bulkSources = []bulkSource{
	{"file", func(s *side) (io.Reader, func() []any) { f := s.file(os.O_RDONLY); return f, position(f) }},
	{"file from the middle", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDONLY)
		f.Seek(10, io.SeekStart)
		return f, position(f)
	}},
	{"file from behind its end", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDONLY)
		f.Seek(1000, io.SeekStart)
		return f, position(f)
	}},
	{"file to read and write", func(s *side) (io.Reader, func() []any) { f := s.file(os.O_RDWR); return f, position(f) }},
	{"file to write", func(s *side) (io.Reader, func() []any) { f := s.file(os.O_WRONLY); return f, position(f) }},
	{"file to append", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDWR | os.O_APPEND)
		return f, position(f)
	}},
	{"empty file", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDWR | os.O_TRUNC)
		return f, position(f)
	}},
	{"closed file", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDONLY)
		f.Close()
		return f, none
	}},
	{"nil file", func(s *side) (io.Reader, func() []any) { return (*os.File)(nil), none }},
	{"directory", func(s *side) (io.Reader, func() []any) {
		f, err := os.Open("/proc/self/task")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return f, none
	}},
	{"/proc", func(s *side) (io.Reader, func() []any) {
		f, err := os.Open("/proc/sys/kernel/ostype")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return f, position(f)
	}},
	{"/proc, of another kind", func(s *side) (io.Reader, func() []any) {
		f, err := os.Open("/proc/self/comm")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return f, position(f)
	}},
	{"/sys", func(s *side) (io.Reader, func() []any) {
		f, err := os.Open("/sys/kernel/mm/transparent_hugepage/enabled")
		if err != nil {
			return strings.NewReader(""), none
		}
		s.Cleanup(func() { f.Close() })
		return f, position(f)
	}},
	{"/dev/zero", func(s *side) (io.Reader, func() []any) {
		f, err := os.Open("/dev/zero")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return limit(f, 100, none)
	}},
	{"pipe", func(s *side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close() })
		io.WriteString(w, content)
		w.Close()
		return r, none
	}},
	{"pipe past its deadline", func(s *side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		r.SetDeadline(longAgo)
		return r, none
	}},
	{"pipe until its deadline", func(s *side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		io.WriteString(w, content)
		onceEmpty(s, r, func() { r.SetDeadline(longAgo) })
		return r, none
	}},
	{"pipe until it is closed", func(s *side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		io.WriteString(w, content)
		onceEmpty(s, r, func() { r.Close() })
		return r, none
	}},
	{"strings.Reader", func(s *side) (io.Reader, func() []any) { return strings.NewReader(content), none }},
	{"bufio.Reader", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDONLY)
		return bufio.NewReaderSize(f, 16), position(f)
	}},
	{"io.SectionReader", func(s *side) (io.Reader, func() []any) {
		f := s.file(os.O_RDONLY)
		return io.NewSectionReader(f, 5, 10), position(f)
	}},
	{"reader", func(s *side) (io.Reader, func() []any) { return struct{ io.Reader }{strings.NewReader(content)}, none }},
	{"failing reader", func(s *side) (io.Reader, func() []any) { return failing{io.ErrClosedPipe}, none }},
	{"package net's", func(s *side) (io.Reader, func() []any) {
		return s.theirs().tcpSource(), none
	}},
	{"TCP", func(s *side) (io.Reader, func() []any) { return s.tcpSource(), none }},
	{"TCP, closed", func(s *side) (io.Reader, func() []any) { c := s.tcpSource(); c.Close(); return c, none }},
	{"TCP, past deadline", func(s *side) (io.Reader, func() []any) {
		c := s.tcpSource()
		c.SetReadDeadline(longAgo)
		return c, none
	}},
	{"TCP, reset", func(s *side) (io.Reader, func() []any) {
		c, peer := s.pair()
		reset(s, c, peer)
		return c, none
	}},
	{"TCP, read side closed", func(s *side) (io.Reader, func() []any) {
		c, _ := s.pair()
		c.CloseRead()
		return c, none
	}},
	{"unix", func(s *side) (io.Reader, func() []any) { return s.unixSource("unix"), none }},
	{"unix, closed", func(s *side) (io.Reader, func() []any) { c := s.unixSource("unix"); c.Close(); return c, none }},
	{"unix, past deadline", func(s *side) (io.Reader, func() []any) {
		c := s.unixSource("unix")
		c.SetDeadline(longAgo)
		return c, none
	}},
	{"unixpacket", func(s *side) (io.Reader, func() []any) { return s.unixSource("unixpacket"), none }},
	{"unixpacket, closed", func(s *side) (io.Reader, func() []any) {
		c := s.unixSource("unixpacket")
		c.Close()
		return c, none
	}},
	{"udp", func(s *side) (io.Reader, func() []any) {
		c, peer := s.udpPair()
		_, err := peer.(net.PacketConn).WriteTo([]byte(content), c.LocalAddr())
		require.NoError(s, err)
		return limit(c, int64(len(content)), none)
	}},
}

// onceEmpty calls f when all of a pipe has been read, unless that is closed before.
func onceEmpty(s *side, r *os.File, f func()) {
	s.Helper()
	raw, err := r.SyscallConn()
	require.NoError(s, err)
	go func() {
		for left := 1; left > 0; time.Sleep(time.Millisecond) {
			var err error
			closed := raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
			if closed != nil || err != nil {
				return
			}
		}
		f()
	}()
}

// innermost returns the error at the end of the chain. It is all that is compared where
// package net and package os know how to reach each other's descriptors and not ours,
// so that data goes through user space and the error says read or write.
func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

// If this fails, ReadFrom or io.Copy has sent something else than package net's would,
// left the source elsewhere, or blames another end, call or operation.
func TestReadFromLikeNet(t *testing.T) {
	ways := map[string]func(c tcpConn, r io.Reader) (int64, error){
		"ReadFrom": func(c tcpConn, r io.Reader) (int64, error) { return c.ReadFrom(r) },
		"Copy":     func(c tcpConn, r io.Reader) (int64, error) { return io.Copy(c, r) },
	}
	states := map[string]func(s *side, c tcpConn){
		"open":              func(*side, tcpConn) {},
		"closed":            func(s *side, c tcpConn) { c.Close() },
		"past deadline":     func(s *side, c tcpConn) { c.SetDeadline(longAgo) },
		"write side closed": func(s *side, c tcpConn) { c.CloseWrite() },
	}
	limits := map[string]int64{"whole": 1 << 40, "part": 7, "nothing": 0, "negative": -1, "exactly": int64(len(content))}
	for _, src := range bulkSources {
		for way, move := range ways {
			for state, reach := range states {
				t.Run(src.name+"/"+way+"/"+state, func(t *testing.T) {
					compare(t, func(s *side) []any {
						r, after := src.open(s)
						if way == "Copy" || src.name == "bufio.Reader" { // what asks the file, not the connection
							return s.readFrom(r, none, reach, move, innermost)
						}
						return s.readFrom(r, after, reach, move, src.seen)
					})
				})
			}
		}
		for name, n := range limits {
			for state, reach := range states {
				t.Run(src.name+"/"+name+"/"+state, func(t *testing.T) {
					compare(t, func(s *side) []any {
						r, after := src.open(s)
						r, after = limit(r, n, after)
						if src.name == "package net's" {
							after = none // a copy through a buffer counts what was read, not what was written
						}
						return s.readFrom(r, after, reach, ways["ReadFrom"], src.seen)
					})
				})
			}
		}
	}
}

// readFrom moves what r has and tells everything about it.
func (s *side) readFrom(r io.Reader, after func() []any, reach func(*side, tcpConn),
	move func(tcpConn, io.Reader) (int64, error), seen func(error) error) []any {
	c, peer := s.pair()
	reach(s, c)
	n, err := move(c, r)
	all := append(results(n, seen(err)), after()...)
	c.Close()
	received, err := io.ReadAll(peer)
	return append(all, string(received), err)
}

// If this fails, a file that grows while it is sent is sent otherwise than by package
// net: up to where it ends when that is seen.
func TestReadFromGrowingFile(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		c, peer := s.pair()
		f := s.file(os.O_RDWR)
		for range 3 {
			n, err := c.ReadFrom(f)
			r = append(r, n, err)
			_, err = f.WriteAt([]byte(content), n*int64(len(r)/2))
			require.NoError(s, err)
		}
		c.Close()
		received, err := io.ReadAll(peer)
		return append(r, string(received), err)
	})
}

// If this fails, WriteTo to some writer tells another count or error than package
// net's.
func TestWriteToLikeNet(t *testing.T) {
	sinks := map[string]func(s *side) (w io.Writer, after func() []any){
		"bytes.Buffer": func(*side) (io.Writer, func() []any) {
			b := new(bytes.Buffer)
			return b, func() []any { return results(b.String()) }
		},
		"writer": func(*side) (io.Writer, func() []any) {
			b := new(bytes.Buffer)
			return struct{ io.Writer }{b}, func() []any { return results(b.String()) }
		},
		"failing writer": func(*side) (io.Writer, func() []any) { return failing{io.ErrClosedPipe}, none },
		"file": func(s *side) (io.Writer, func() []any) {
			f := s.file(os.O_RDWR)
			return f, position(f)
		},
		"file to append": func(s *side) (io.Writer, func() []any) {
			f := s.file(os.O_RDWR | os.O_APPEND)
			return f, position(f)
		},
		"pipe": func(s *side) (io.Writer, func() []any) {
			r, w, err := os.Pipe()
			require.NoError(s, err)
			return w, func() []any {
				w.Close()
				b, err := io.ReadAll(r)
				r.Close()
				return results(string(b), err)
			}
		},
		"TCP": func(s *side) (io.Writer, func() []any) { c, peer := s.pair(); return c, s.received(c, peer) },
		"TCP, closed": func(s *side) (io.Writer, func() []any) {
			c, peer := s.pair()
			c.Close()
			return c, s.received(c, peer)
		},
		"TCP, past deadline": func(s *side) (io.Writer, func() []any) {
			c, peer := s.pair()
			c.SetDeadline(longAgo)
			return c, s.received(c, peer)
		},
		"TCP, write side closed": func(s *side) (io.Writer, func() []any) {
			c, peer := s.pair()
			c.CloseWrite()
			return c, s.received(c, peer)
		},
		"package net's": func(s *side) (io.Writer, func() []any) {
			c, peer := s.theirs().pair()
			return c, s.received(c, peer)
		},
		"unix": func(s *side) (io.Writer, func() []any) {
			c, peer := s.streamPair("unix")
			return c, s.received(c, peer)
		},
		"unix, closed": func(s *side) (io.Writer, func() []any) {
			c, peer := s.streamPair("unix")
			c.Close()
			return c, s.received(c, peer)
		},
		"unix, past deadline": func(s *side) (io.Writer, func() []any) {
			c, peer := s.streamPair("unix")
			c.SetDeadline(longAgo)
			return c, s.received(c, peer)
		},
		"unix, peer closed": func(s *side) (io.Writer, func() []any) {
			c, peer := s.streamPair("unix")
			peer.Close()
			return c, none
		},
		"unixpacket": func(s *side) (io.Writer, func() []any) {
			c, peer := s.streamPair("unixpacket")
			return c, s.received(c, peer)
		},
	}
	sources := map[string]func(s *side) tcpConn{
		"data":   func(s *side) tcpConn { return s.tcpSource() },
		"closed": func(s *side) tcpConn { c := s.tcpSource(); c.Close(); return c },
		"past deadline": func(s *side) tcpConn {
			c := s.tcpSource()
			c.SetDeadline(longAgo)
			return c
		},
		"reset": func(s *side) tcpConn { c, peer := s.pair(); reset(s, c, peer); return c },
	}
	for name, sink := range sinks {
		for source, open := range sources {
			for way, move := range map[string]func(c tcpConn, w io.Writer) (int64, error){
				"WriteTo": func(c tcpConn, w io.Writer) (int64, error) { return c.WriteTo(w) },
				"Copy":    func(c tcpConn, w io.Writer) (int64, error) { return io.Copy(w, c) },
			} {
				t.Run(name+"/"+source+"/"+way, func(t *testing.T) {
					compare(t, func(s *side) []any {
						c := open(s)
						w, after := sink(s)
						n, err := move(c, w)
						if name == "package net's" || strings.HasPrefix(name, "file") || name == "pipe" {
							err = innermost(err)
						}
						return append(results(n, err), after()...)
					})
				})
			}
		}
	}
}

// received closes c and returns what its peer got.
func (s *side) received(c, peer net.Conn) func() []any {
	return func() []any {
		c.Close()
		b, err := io.ReadAll(peer)
		return results(string(b), err)
	}
}
