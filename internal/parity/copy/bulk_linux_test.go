package copy

import (
	"bufio"
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

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// The tests here compare ReadFrom and WriteTo with package net's. Of an error only the
// innermost is compared where packages net and os know how to reach each other's descriptors
// and not ours: there data goes through user space, and the error says read or write.

// A bulkSource is something to ReadFrom, and what to look at afterwards.
type bulkSource struct {
	name string
	open func(s *both.Side) (r io.Reader, after func() []any)
}

// seen is what of an error is compared.
func (src bulkSource) seen(err error) error {
	if src.name == "package net's" {
		return nettest.Innermost(err)
	}
	return err
}

func none() []any { return nil }

const content = "What is in the file, from here to there."

// file returns a file with content in it, opened as flags say.
func file(s *both.Side, flags int) *os.File {
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
		return both.Results(at, err == nil)
	}
}

func limit(r io.Reader, n int64, after func() []any) (io.Reader, func() []any) {
	l := &io.LimitedReader{R: r, N: n}
	return l, func() []any { return append(both.Results("left", l.N), after()...) }
}

// unixSource returns a Unix socket whose peer sent content and closed.
func unixSource(s *both.Side, network string) net.Conn {
	c, peer := s.StreamPair(network)
	_, err := io.WriteString(peer, content)
	require.NoError(s, err)
	require.NoError(s, peer.Close())
	return c
}

// tcpSource is the same with TCP.
func tcpSource(s *both.Side) both.TCPConn {
	c, peer := s.Pair()
	_, err := io.WriteString(peer, content)
	require.NoError(s, err)
	require.NoError(s, peer.Close())
	return c
}

var bulkSources = []bulkSource{
	{"file", func(s *both.Side) (io.Reader, func() []any) { f := file(s, os.O_RDONLY); return f, position(f) }},
	{"file from the middle", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDONLY)
		f.Seek(10, io.SeekStart)
		return f, position(f)
	}},
	{"file from behind its end", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDONLY)
		f.Seek(1000, io.SeekStart)
		return f, position(f)
	}},
	{"file to read and write", func(s *both.Side) (io.Reader, func() []any) { f := file(s, os.O_RDWR); return f, position(f) }},
	{"file to write", func(s *both.Side) (io.Reader, func() []any) { f := file(s, os.O_WRONLY); return f, position(f) }},
	{"file to append", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDWR|os.O_APPEND)
		return f, position(f)
	}},
	{"empty file", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDWR|os.O_TRUNC)
		return f, position(f)
	}},
	{"closed file", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDONLY)
		f.Close()
		return f, none
	}},
	{"nil file", func(s *both.Side) (io.Reader, func() []any) { return (*os.File)(nil), none }},
	{"directory", func(s *both.Side) (io.Reader, func() []any) {
		f, err := os.Open("/proc/self/task")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return f, none
	}},
	{"/proc", func(s *both.Side) (io.Reader, func() []any) {
		f, err := os.Open("/proc/sys/kernel/ostype")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return f, position(f)
	}},
	{"/proc, of another kind", func(s *both.Side) (io.Reader, func() []any) {
		f, err := os.Open("/proc/self/comm")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return f, position(f)
	}},
	{"/sys", func(s *both.Side) (io.Reader, func() []any) {
		f, err := os.Open("/sys/kernel/mm/transparent_hugepage/enabled")
		if err != nil {
			return strings.NewReader(""), none
		}
		s.Cleanup(func() { f.Close() })
		return f, position(f)
	}},
	{"/dev/zero", func(s *both.Side) (io.Reader, func() []any) {
		f, err := os.Open("/dev/zero")
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		return limit(f, 100, none)
	}},
	{"pipe", func(s *both.Side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close() })
		io.WriteString(w, content)
		w.Close()
		return r, none
	}},
	{"pipe past its deadline", func(s *both.Side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		r.SetDeadline(nettest.LongAgo)
		return r, none
	}},
	{"pipe until its deadline", func(s *both.Side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		io.WriteString(w, content)
		onceEmpty(s, r, func() { r.SetDeadline(nettest.LongAgo) })
		return r, none
	}},
	{"pipe until it is closed", func(s *both.Side) (io.Reader, func() []any) {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		io.WriteString(w, content)
		onceEmpty(s, r, func() { r.Close() })
		return r, none
	}},
	{"strings.Reader", func(s *both.Side) (io.Reader, func() []any) { return strings.NewReader(content), none }},
	{"bufio.Reader", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDONLY)
		return bufio.NewReaderSize(f, 16), position(f)
	}},
	{"io.SectionReader", func(s *both.Side) (io.Reader, func() []any) {
		f := file(s, os.O_RDONLY)
		return io.NewSectionReader(f, 5, 10), position(f)
	}},
	{"reader", func(s *both.Side) (io.Reader, func() []any) {
		return struct{ io.Reader }{strings.NewReader(content)}, none
	}},
	{"failing reader", func(s *both.Side) (io.Reader, func() []any) { return failing{io.ErrClosedPipe}, none }},
	{"package net's", func(s *both.Side) (io.Reader, func() []any) {
		return tcpSource(s.Theirs()), none
	}},
	{"TCP", func(s *both.Side) (io.Reader, func() []any) { return tcpSource(s), none }},
	{"TCP, closed", func(s *both.Side) (io.Reader, func() []any) { c := tcpSource(s); c.Close(); return c, none }},
	{"TCP, past deadline", func(s *both.Side) (io.Reader, func() []any) {
		c := tcpSource(s)
		c.SetReadDeadline(nettest.LongAgo)
		return c, none
	}},
	{"TCP, reset", func(s *both.Side) (io.Reader, func() []any) {
		c, peer := s.Pair()
		both.Reset(s, c, peer)
		return c, none
	}},
	{"TCP, read side closed", func(s *both.Side) (io.Reader, func() []any) {
		c, _ := s.Pair()
		c.CloseRead()
		return c, none
	}},
	{"unix", func(s *both.Side) (io.Reader, func() []any) { return unixSource(s, "unix"), none }},
	{"unix, closed", func(s *both.Side) (io.Reader, func() []any) { c := unixSource(s, "unix"); c.Close(); return c, none }},
	{"unix, past deadline", func(s *both.Side) (io.Reader, func() []any) {
		c := unixSource(s, "unix")
		c.SetDeadline(nettest.LongAgo)
		return c, none
	}},
	{"unixpacket", func(s *both.Side) (io.Reader, func() []any) { return unixSource(s, "unixpacket"), none }},
	{"unixpacket, closed", func(s *both.Side) (io.Reader, func() []any) {
		c := unixSource(s, "unixpacket")
		c.Close()
		return c, none
	}},
	{"udp", func(s *both.Side) (io.Reader, func() []any) {
		c, peer := s.UDPPair()
		_, err := peer.(net.PacketConn).WriteTo([]byte(content), c.LocalAddr())
		require.NoError(s, err)
		return limit(c, int64(len(content)), none)
	}},
}

// onceEmpty calls f when all of a pipe has been read, unless that is closed before.
func onceEmpty(s *both.Side, r *os.File, f func()) {
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

// If this fails, ReadFrom or io.Copy has sent something else than package net's would,
// left the source elsewhere, or blames another end, call or operation.
func TestReadFromLikeNet(t *testing.T) {
	ways := map[string]func(c both.TCPConn, r io.Reader) (int64, error){
		"ReadFrom": func(c both.TCPConn, r io.Reader) (int64, error) { return c.ReadFrom(r) },
		"Copy":     func(c both.TCPConn, r io.Reader) (int64, error) { return io.Copy(c, r) },
	}
	states := map[string]func(s *both.Side, c both.TCPConn){
		"open":              func(*both.Side, both.TCPConn) {},
		"closed":            func(s *both.Side, c both.TCPConn) { c.Close() },
		"past deadline":     func(s *both.Side, c both.TCPConn) { c.SetDeadline(nettest.LongAgo) },
		"write side closed": func(s *both.Side, c both.TCPConn) { c.CloseWrite() },
	}
	limits := map[string]int64{"whole": 1 << 40, "part": 7, "nothing": 0, "negative": -1, "exactly": int64(len(content))}
	for _, src := range bulkSources {
		for way, move := range ways {
			for state, reach := range states {
				t.Run(src.name+"/"+way+"/"+state, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						r, after := src.open(s)
						if way == "Copy" || src.name == "bufio.Reader" { // what asks the file, not the connection
							return readFrom(s, r, none, reach, move, nettest.Innermost)
						}
						return readFrom(s, r, after, reach, move, src.seen)
					})
				})
			}
		}
		for name, n := range limits {
			for state, reach := range states {
				t.Run(src.name+"/"+name+"/"+state, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						r, after := src.open(s)
						r, after = limit(r, n, after)
						if src.name == "package net's" {
							after = none // a copy through a buffer counts what was read, not what was written
						}
						return readFrom(s, r, after, reach, ways["ReadFrom"], src.seen)
					})
				})
			}
		}
	}
}

// readFrom moves what r has and tells everything about it.
func readFrom(s *both.Side, r io.Reader, after func() []any, reach func(*both.Side, both.TCPConn),
	move func(both.TCPConn, io.Reader) (int64, error), seen func(error) error) []any {
	c, peer := s.Pair()
	reach(s, c)
	n, err := move(c, r)
	all := append(both.Results(n, seen(err)), after()...)
	c.Close()
	received, err := io.ReadAll(peer)
	return append(all, string(received), err)
}

// If this fails, a file that grows while it is sent is sent otherwise than by package
// net: up to where it ends when that is seen.
func TestReadFromGrowingFile(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		c, peer := s.Pair()
		f := file(s, os.O_RDWR)
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

// received closes c and returns what its peer got.
func received(s *both.Side, c, peer net.Conn) func() []any {
	return func() []any {
		c.Close()
		b, err := io.ReadAll(peer)
		return both.Results(string(b), err)
	}
}
