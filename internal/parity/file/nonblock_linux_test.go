package file

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// O_NONBLOCK belongs to all who share a socket: Fd of a File clears it, for programs that
// expect a descriptor that blocks, and so may another process.

// nonblocking reports whether a descriptor has O_NONBLOCK.
func nonblocking(s testing.TB, fd uintptr) bool {
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	require.NoError(s, err)
	return flags&unix.O_NONBLOCK != 0
}

// filers are sockets of every kind that has a File.
var filers = map[string]func(s *both.Side) both.FileMaker{
	"TCP":          func(s *both.Side) both.FileMaker { c, _ := s.Pair(); return c },
	"TCP listener": func(s *both.Side) both.FileMaker { return s.Listener() },
	"MPTCP": func(s *both.Side) both.FileMaker {
		var d net.Dialer
		d.SetMultipathTCP(true)
		c, err := s.Dial(context.Background(), d, "tcp", s.Listener().Addr().String())
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		return c.(both.FileMaker)
	},
	"UDP":                   func(s *both.Side) both.FileMaker { c, _ := s.UDPPair(); return c.(both.FileMaker) },
	"unix":                  func(s *both.Side) both.FileMaker { c, _ := s.UnixPair("unix"); return c },
	"unixpacket":            func(s *both.Side) both.FileMaker { c, _ := s.UnixPair("unixpacket"); return c },
	"unixgram":              func(s *both.Side) both.FileMaker { c, _ := s.UnixPair("unixgram"); return c },
	"unixgram without peer": func(s *both.Side) both.FileMaker { _, c := s.UnixPair("unixgram"); return c },
	"unix, a pair":          func(s *both.Side) both.FileMaker { c, _ := s.UnixConns(unix.SOCK_STREAM); return c.(both.FileMaker) },
	"unix listener":         func(s *both.Side) both.FileMaker { return s.UnixListener("unix", "server").(both.FileMaker) },
	"unixpacket listener":   func(s *both.Side) both.FileMaker { return s.UnixListener("unixpacket", "server").(both.FileMaker) },
	"raw IP": func(s *both.Side) both.FileMaker {
		c, err := s.FileConn(s.RawSocket(unix.AF_INET, unix.SOCK_RAW, unusedProtocol))
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		return c.(both.FileMaker)
	},
	"TCP, connected to nothing": func(s *both.Side) both.FileMaker {
		c, err := s.FileConn(s.RawSocket(unix.AF_INET, unix.SOCK_STREAM, 0))
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		return c.(both.FileMaker)
	},
}

// If this fails, the file of some socket does not become blocking when its descriptor is
// asked for, is that before, has no deadlines, or leaves a descriptor behind.
func TestFileFdBlocks(t *testing.T) {
	for name, open := range filers {
		t.Run(name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				c := open(s)
				before := nettest.OpenFDs(s)
				f, err := c.File()
				require.NoError(s, err)
				require.Equal(s, before+1, nettest.OpenFDs(s))
				var was bool
				raw, err := f.SyscallConn()
				require.NoError(s, err)
				require.NoError(s, raw.Control(func(fd uintptr) { was = nonblocking(s, fd) }))
				deadline := f.SetReadDeadline(nettest.LongAgo)
				_, readErr := f.Read(make([]byte, 1))
				is := nonblocking(s, f.Fd())
				var ours bool
				require.NoError(s, s.Raw(c).Control(func(fd uintptr) { ours = nonblocking(s, fd) }))
				return both.Results(was, deadline, os.IsTimeout(readErr), is, ours, f.Close())
			})
		})
	}
}

// If this fails, to make a file of a connection changes its options.
func TestFileLeavesOptions(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		c, _ := s.Pair()
		require.NoError(s, c.SetNoDelay(false))
		require.NoError(s, c.SetKeepAlive(false))
		require.NoError(s, c.SetKeepAlivePeriod(time.Hour))
		require.NoError(s, c.SetKeepAlive(false))
		f, err := c.File()
		require.NoError(s, err)
		defer f.Close()
		for _, o := range [][2]int{{unix.IPPROTO_TCP, unix.TCP_NODELAY}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE}, {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}} {
			v, err := unix.GetsockoptInt(int(f.Fd()), o[0], o[1])
			r = append(r, v, err)
		}
		return r
	})
}

// If this fails, a process that has no descriptor to spare is told something else than
// that, or what was made on the way stays open.
func TestFileWithoutDescriptors(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, _ := s.Pair()
		nettest.NoFDsLeft(s)
		var old unix.Rlimit
		require.NoError(s, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
		defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
		require.NoError(s, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1, Max: old.Max}))
		f, err := c.File()
		return both.Results(f == nil, err)
	})
	// Where there is one, package net needs no more; where ours fails, nothing stays open.
	s := both.NewSide(t, false)
	c, _ := s.Pair()
	nettest.NoFDsLeft(t)
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	free, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Close(free))
	for limit := free; ; limit++ {
		require.Less(t, limit, free+64, "File still fails")
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(limit), Max: old.Max}))
		f, err := c.File()
		if err == nil {
			require.NoError(t, f.Close())
			break
		}
		require.ErrorIs(t, err, syscall.EMFILE)
		require.Nil(t, f)
	}
}

// If this fails, a program that gets a connection as its standard input and output, as
// servers under inetd do, reads EAGAIN; or the parent's connection does not outlive it.
func TestChildWithConnectionAsStdin(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				c, peer := tcpOrUnixPair(s, network)
				f, err := c.(both.FileMaker).File()
				require.NoError(s, err)
				cmd := exec.Command("head", "-c", "5")
				cmd.Stdin, cmd.Stdout = f, f
				require.NoError(s, cmd.Start())
				require.NoError(s, f.Close())
				time.Sleep(20 * time.Millisecond) // it reads meanwhile
				_, err = io.WriteString(peer, "hello")
				require.NoError(s, err)
				b := make([]byte, 5)
				require.NoError(s, peer.SetReadDeadline(nettest.Soon()))
				_, err = io.ReadFull(peer, b)
				r := both.Results(string(b), err, cmd.Wait())
				_, err = io.WriteString(c, "again")
				require.NoError(s, err)
				_, err = io.ReadFull(peer, b)
				return append(r, string(b), err)
			})
		})
	}
}

// cleared are the ways by which O_NONBLOCK goes.
var cleared = map[string]func(t *testing.T, c both.FileMaker){
	"by Fd": func(t *testing.T, c both.FileMaker) {
		f, err := c.File()
		require.NoError(t, err)
		defer f.Close()
		require.NoError(t, unix.SetNonblock(int(f.Fd()), false))
	},
	"by a child": func(t *testing.T, c both.FileMaker) {
		f, err := c.File()
		require.NoError(t, err)
		defer f.Close()
		cmd := exec.Command(os.Args[0], "-test.run=^TestChildThatClears$")
		cmd.Env = append(os.Environ(), "CLEARS_NONBLOCK=1", nettest.AtOnce)
		cmd.ExtraFiles = []*os.File{f}
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { in.Close(); cmd.Wait() })
		line, _ := bufio.NewReader(out).ReadString('\n')
		require.Equal(t, "cleared\n", line)
	},
}

// TestChildThatClears is the child: it holds on to the socket until its parent has done.
func TestChildThatClears(t *testing.T) {
	if os.Getenv("CLEARS_NONBLOCK") == "" {
		t.Skip("is a child of other tests")
	}
	require.NoError(t, unix.SetNonblock(3, false))
	os.Stdout.WriteString("cleared\n")
	os.Stdin.Read(make([]byte, 1))
}

// waitsInPoller waits until so many readers and writers are parked.
func waitsInPoller(t *testing.T, readers, writers int) {
	t.Helper()
	nettest.Eventually(t, "they wait in the poller", func() bool {
		s := netpoller.DefaultPollerGroup().Stats()
		return s.ParkedReaders == readers && s.ParkedWriters == writers
	})
}

// within returns what c has to say, in time.
func within[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Until(nettest.Soon())):
		t.Fatal("it hangs: " + what)
	}
	return v
}

func inBackground(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	return c
}

// If this fails, Accept blocks in the kernel when O_NONBLOCK was cleared, so that Close and
// deadlines wait for a connection, or it misses one.
func TestAcceptWhenItWouldBlock(t *testing.T) {
	for how, clear := range cleared {
		for _, network := range []string{"tcp", "unix", "unixpacket"} {
			t.Run(network+" "+how, func(t *testing.T) {
				t.Chdir(t.TempDir())
				address := map[string]string{"tcp": "127.0.0.1:0"}[network]
				if address == "" {
					address = "server"
				}
				l, err := netpoller.Listen(network, address)
				require.NoError(t, err)
				defer inBackground(l.Close) // it waits for an Accept that blocks
				var c net.Conn
				accept := func() (err error) { c, err = l.Accept(); return err }
				accepted := inBackground(accept)
				waitsInPoller(t, 1, 0)
				clear(t, l.(both.FileMaker))
				for range 3 {
					peer, err := net.Dial(network, l.Addr().String())
					require.NoError(t, err)
					defer peer.Close()
					require.NoError(t, within(t, "Accept", accepted))
					require.NoError(t, c.Close())
					accepted = inBackground(accept)
					waitsInPoller(t, 1, 0)
				}
				require.NoError(t, l.(interface{ SetDeadline(time.Time) error }).SetDeadline(nettest.LongAgo))
				require.ErrorIs(t, within(t, "Accept", accepted), os.ErrDeadlineExceeded)
				require.NoError(t, l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{}))
				accepted = inBackground(accept)
				waitsInPoller(t, 1, 0)
				require.NoError(t, within(t, "Close", inBackground(l.Close)))
				require.ErrorIs(t, within(t, "Accept", accepted), net.ErrClosed)
			})
		}
	}
}

// narrow makes what the kernel holds of what is written small.
func narrow(s *both.Side, conns ...net.Conn) {
	for _, c := range conns {
		require.NoError(s, c.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(1<<16))
		require.NoError(s, c.(interface{ SetReadBuffer(int) error }).SetReadBuffer(1<<16))
	}
}

// If this fails, a copy blocks in the kernel when O_NONBLOCK of one of its ends was cleared,
// so that Close waits for the peer, or it loses something.
func TestCopyWhenItWouldBlock(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	type copying struct {
		src      io.Reader
		from, to both.FileMaker // from is nil if the source is no socket
		peer     net.Conn
	}
	sources := map[string]func(s *both.Side) copying{
		"file to tcp": func(s *both.Side) copying {
			c, peer := s.Pair()
			narrow(s, c, peer)
			return copying{s.Opened(name), nil, c, peer}
		},
	}
	for _, pair := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}} {
		sources[pair[0]+" to "+pair[1]] = func(s *both.Side) copying {
			src, from := s.StreamPair(pair[0])
			dst, peer := s.StreamPair(pair[1])
			narrow(s, from, src, dst, peer)
			go func() { from.Write(data); from.Close() }()
			return copying{src, src.(both.FileMaker), dst.(both.FileMaker), peer}
		}
	}
	for how, clear := range cleared {
		for source, open := range sources {
			for _, end := range []string{"source", "sink"} {
				t.Run(source+"/"+end+" "+how, func(t *testing.T) {
					for _, closes := range []bool{false, true} {
						s := both.NewSide(t, false)
						c := open(s)
						which := c.to
						if end == "source" {
							which = c.from
						}
						if which == nil {
							t.Skip("a file does not block")
						}
						writers := 2 // what fills the source is one
						if c.from == nil {
							writers = 1
						}
						copied := inBackground(func() error { _, err := io.Copy(c.to.(io.Writer), c.src); return err })
						waitsInPoller(t, 0, writers)
						clear(t, which)
						if closes {
							_, err := io.ReadFull(c.peer, make([]byte, 1<<18)) // which wakes it
							require.NoError(t, err)
							waitsInPoller(t, 0, writers)
							require.NoError(t, within(t, "Close", inBackground(c.to.(io.Closer).Close)))
							require.ErrorIs(t, within(t, "Copy", copied), net.ErrClosed)
							continue
						}
						received := make(chan []byte, 1)
						go func() { b, _ := io.ReadAll(c.peer); received <- b }()
						require.NoError(t, within(t, "Copy", copied))
						require.NoError(t, c.to.(interface{ CloseWrite() error }).CloseWrite())
						require.True(t, bytes.Equal(data, within(t, "all of it", received)))
					}
				})
			}
		}
	}
}

// If this fails, a copy whose source has nothing blocks in the kernel, so that Close of the
// source waits for data.
func TestIdleCopyWhenItWouldBlock(t *testing.T) {
	for how, clear := range cleared {
		for _, pair := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}} {
			t.Run(pair[0]+" to "+pair[1]+" "+how, func(t *testing.T) {
				s := both.NewSide(t, false)
				src, from := s.StreamPair(pair[0])
				dst, peer := s.StreamPair(pair[1])
				copied := inBackground(func() error { _, err := io.Copy(dst, src); return err })
				waitsInPoller(t, 1, 0)
				clear(t, src.(both.FileMaker))
				for range 3 {
					_, err := io.WriteString(from, "data")
					require.NoError(t, err)
					b := make([]byte, 4)
					require.NoError(t, peer.SetReadDeadline(nettest.Soon()))
					_, err = io.ReadFull(peer, b)
					require.NoError(t, err)
					require.Equal(t, "data", string(b))
					waitsInPoller(t, 1, 0)
				}
				require.NoError(t, within(t, "Close", inBackground(src.Close)))
				require.ErrorIs(t, within(t, "Copy", copied), net.ErrClosed)
			})
		}
	}
}

// If this fails, a dial whose Control hook has cleared O_NONBLOCK blocks in the kernel, and
// nothing ends it.
func TestDialWhenItWouldBlock(t *testing.T) {
	clear := func(fd uintptr) { unix.SetNonblock(int(fd), false) }
	for how, hook := range map[string]func(c syscall.RawConn) error{
		"Control": func(c syscall.RawConn) error { return c.Control(clear) },
		"Read":    func(c syscall.RawConn) error { return c.Read(func(fd uintptr) bool { clear(fd); return true }) },
		"Write":   func(c syscall.RawConn) error { return c.Write(func(fd uintptr) bool { clear(fd); return true }) },
	} {
		t.Run(how, func(t *testing.T) {
			d := &netpoller.Dialer{Control: func(_, _ string, c syscall.RawConn) error { return hook(c) }}
			ctx, cancel := context.WithCancel(context.Background())
			dialed := inBackground(func() error { _, err := d.DialContext(ctx, "tcp", nettest.Hang(t, "tcp4")); return err })
			waitsInPoller(t, 0, 1)
			cancel()
			require.ErrorIs(t, within(t, "Dial", dialed), context.Canceled)
		})
	}
}

// If this failed, a second File would take the blocking mode away from a child that has the
// first.
func TestSecondFileLeavesTheMode(t *testing.T) {
	for name, open := range filers {
		t.Run(name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				c := open(s)
				first, err := c.File()
				require.NoError(s, err)
				defer first.Close()
				fd := first.Fd()
				was := nonblocking(s, fd)
				second, err := c.File()
				require.NoError(s, err)
				defer second.Close()
				return both.Results(was, nonblocking(s, fd))
			})
		})
	}
}
