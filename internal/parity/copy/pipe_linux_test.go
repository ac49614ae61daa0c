package copy

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Copies from pipes, and from readers that show a descriptor, to connections.

// If this fails, the pages of a process that lends them to a pipe (vmsplice) are sent as
// they are later, when it has them back and has filled them again.
func TestCopyOfLentPages(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		const half, halves = 64 << 10, 256 // more than both socket buffers can have
		c, peer := s.Pair()
		r, w, err := os.Pipe()
		require.NoError(s, err)
		defer r.Close()
		pages, err := unix.Mmap(-1, 0, 2*half, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|unix.MAP_PRIVATE)
		require.NoError(s, err)
		s.Cleanup(func() { unix.Munmap(pages) })
		_, err = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, half) // so that one half is out when the other is in
		require.NoError(s, err)
		lent := make(chan error, 1)
		go func() {
			defer w.Close()
			lent <- lend(int(w.Fd()), pages[:half], pages[half:], halves)
		}()
		copied := s.Park(func() error { _, err := io.Copy(c, r); c.Close(); return err })
		if !s.Std {
			nettest.Eventually(s, "the peer's slowness shows", func() bool { return s.Waiting() > 0 })
		}
		received, err := io.ReadAll(peer)
		require.NoError(s, err)
		require.NoError(s, <-copied)
		require.NoError(s, <-lent)
		wrong := 0
		for i := range len(received) / 4 {
			if binary.NativeEndian.Uint32(received[4*i:]) != uint32(i) {
				wrong++
			}
		}
		return both.Results(len(received), wrong)
	})
}

// lend numbers the words of two buffers by turns, and gives each to a pipe that has room
// for one.
func lend(pipe int, a, b []byte, times int) error {
	for word := uint32(0); times > 0; times-- {
		for i := range len(a) / 4 {
			binary.NativeEndian.PutUint32(a[4*i:], word)
			word++
		}
		for rest := a; len(rest) > 0; {
			iov := unix.Iovec{Base: &rest[0]}
			iov.SetLen(len(rest))
			n, err := unix.Vmsplice(pipe, []unix.Iovec{iov}, 0)
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return err
			}
			rest = rest[n:]
		}
		a, b = b, a
	}
	return nil
}

// A shown reads in a way of its own from a file whose descriptor it shows.
type shown struct {
	io.Reader
	syscall.Conn
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// shownReaders are readers of a pipe that has content in it, a line of which is "one".
var shownReaders = map[string]func(f *os.File) (r io.Reader, after func() []any){
	"counter": func(f *os.File) (io.Reader, func() []any) {
		count := 0
		return readerFunc(func(p []byte) (int, error) {
			n, err := f.Read(p)
			count += n
			return n, err
		}), func() []any { return both.Results(count) }
	},
	"decrypter": func(f *os.File) (io.Reader, func() []any) {
		return readerFunc(func(p []byte) (int, error) {
			n, err := f.Read(p)
			for i := range p[:n] {
				p[i] ^= 0x20
			}
			return n, err
		}), none
	},
	"one that has read ahead": func(f *os.File) (io.Reader, func() []any) {
		head := make([]byte, 4)
		n, err := io.ReadFull(f, head)
		if err != nil {
			return failing{err}, none
		}
		return io.MultiReader(bytes.NewReader(head[:n]), f), none
	},
	"one that ends at a newline": func(f *os.File) (io.Reader, func() []any) {
		ended := false
		return readerFunc(func(p []byte) (int, error) {
			if ended || len(p) == 0 {
				return 0, io.EOF
			}
			n, err := f.Read(p[:1])
			ended = n == 1 && p[0] == '\n'
			return n, err
		}), none
	},
	"throttle": func(f *os.File) (io.Reader, func() []any) {
		calls := 0
		return readerFunc(func(p []byte) (int, error) {
			calls++
			return f.Read(p[:min(len(p), 3)])
		}), func() []any { return both.Results(calls) }
	},
}

func itself(err error) error { return err }

// If this fails, what a reader has to say to its bytes is passed over, because it shows
// the descriptor of the pipe that they come from. (That of a file is sent with sendfile,
// as package net does.)
func TestReadFromShownDescriptor(t *testing.T) {
	const text = "one\nand another\n"
	sources := map[string]func(s *both.Side) *os.File{
		"pipe": func(s *both.Side) *os.File {
			f, w, err := os.Pipe()
			require.NoError(s, err)
			_, err = io.WriteString(w, text)
			require.NoError(s, err)
			require.NoError(s, w.Close())
			return f
		},
		"file": func(s *both.Side) *os.File {
			f := file(s, os.O_RDWR|os.O_TRUNC)
			_, err := f.WriteAt([]byte(text), 0)
			require.NoError(s, err)
			return f
		},
	}
	ways := map[string]func(c both.TCPConn, r io.Reader) (int64, error){
		"ReadFrom": func(c both.TCPConn, r io.Reader) (int64, error) { return c.ReadFrom(r) },
		"Copy":     func(c both.TCPConn, r io.Reader) (int64, error) { return io.Copy(c, r) },
		"CopyN":    func(c both.TCPConn, r io.Reader) (int64, error) { return io.CopyN(c, r, 100) },
	}
	for name, open := range shownReaders {
		for source, fill := range sources {
			for way, move := range ways {
				t.Run(name+"/"+source+"/"+way, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						f := fill(s)
						defer f.Close()
						r, after := open(f)
						return append(readFrom(s, shown{r, f}, after, func(*both.Side, both.TCPConn) {}, move, itself), both.Results(io.ReadAll(f))...)
					})
				})
			}
		}
	}
}

// full waits until the kernel has no room for more of what c writes.
func full(s *both.Side, c both.TCPConn) {
	raw := s.Raw(c)
	nettest.Eventually(s, "there is no room", func() (none bool) {
		require.NoError(s, raw.Control(func(fd uintptr) {
			p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
			_, err := unix.Poll(p, 0)
			none = err == nil && p[0].Revents == 0
		}))
		return none
	})
}

// If this fails, a peer that does not read holds up those who have to do with the pipe
// that is copied to it, not only the copy.
func TestStalledCopyHoldsNoPipe(t *testing.T) {
	yes := func(s *both.Side) (*os.File, func() error) {
		cmd := exec.Command("yes")
		out, err := cmd.StdoutPipe()
		require.NoError(s, err)
		require.NoError(s, cmd.Start())
		s.Cleanup(func() { cmd.Process.Kill() })
		return out.(*os.File), func() error {
			cmd.Process.Kill()
			cmd.Wait()
			return nil
		}
	}
	flood := func(r, w *os.File) {
		go func() {
			defer w.Close()
			for _, err := w.Write(make([]byte, 1<<16)); err == nil; {
				_, err = w.Write(make([]byte, 1<<16))
			}
		}()
	}
	anonymous := func(s *both.Side) *os.File {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close() })
		flood(r, w)
		return r
	}
	named := func(s *both.Side) *os.File {
		name := filepath.Join(s.TempDir(), "fifo")
		require.NoError(s, unix.Mkfifo(name, 0o600))
		w, err := os.OpenFile(name, os.O_RDWR, 0)
		require.NoError(s, err)
		r, err := os.Open(name)
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		flood(r, w)
		return r
	}
	for name, open := range map[string]func(s *both.Side) (r *os.File, act func() error){
		"Close":                 func(s *both.Side) (*os.File, func() error) { r := anonymous(s); return r, r.Close },
		"Close of a named pipe": func(s *both.Side) (*os.File, func() error) { r := named(s); return r, r.Close },
		"Wait for the command":  yes,
		"Read": func(s *both.Side) (*os.File, func() error) {
			r := anonymous(s)
			return r, func() error { _, err := io.ReadFull(r, make([]byte, 100)); return err }
		},
		"Read past a deadline": func(s *both.Side) (*os.File, func() error) {
			r := anonymous(s)
			return r, func() error {
				r.SetReadDeadline(nettest.LongAgo)
				_, err := r.Read(make([]byte, 1))
				require.ErrorIs(s, err, os.ErrDeadlineExceeded)
				return nil
			}
		},
		"copy to another": func(s *both.Side) (*os.File, func() error) {
			r := anonymous(s)
			c, peer := s.Pair()
			go io.Copy(io.Discard, peer)
			return r, func() error { _, err := io.CopyN(c, r, 100); return err }
		},
	} {
		t.Run(name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, _ := s.Pair() // whose peer reads nothing
				require.NoError(s, c.SetWriteBuffer(1<<14))
				r, act := open(s)
				copied := make(chan error, 1)
				go func() { _, err := io.Copy(c, r); copied <- err }()
				full(s, c)
				acted := make(chan error, 1)
				go func() { acted <- act() }()
				select {
				case err := <-acted:
					require.NoError(s, c.Close())
					<-copied
					return both.Results(err)
				case <-time.After(time.Until(nettest.Soon())):
					c.Close()
					s.Fatal("it waits for the peer")
					return nil
				}
			})
		})
	}
}

// If this fails, a process that gave up the right to open anything (RLIMIT_NOFILE 0) cannot
// copy what it has open.
func TestCopyWithoutDescriptors(t *testing.T) {
	for _, source := range []string{"file", "pipe", "tcp", "unix"} {
		t.Run(source, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				ctx, cancel := context.WithDeadline(context.Background(), nettest.Soon())
				defer cancel()
				cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChildWithoutDescriptors$")
				cmd.Env = append(os.Environ(), "WITHOUT_DESCRIPTORS="+source, "STD="+strconv.FormatBool(s.Std), nettest.AtOnce)
				out, err := cmd.CombinedOutput()
				require.NoError(s, err, "%s", out)
				require.Contains(s, string(out), "PASS")
				return nil
			})
		})
	}
}

// TestChildWithoutDescriptors is what the test above runs in a process of its own.
func TestChildWithoutDescriptors(t *testing.T) {
	source := os.Getenv("WITHOUT_DESCRIPTORS")
	if source == "" {
		t.Skip("is a child of TestCopyWithoutDescriptors")
	}
	s := both.NewSide(t, os.Getenv("STD") == "true")
	c, peer := s.Pair()
	require.NoError(t, c.SetWriteBuffer(1<<14))
	data := bytes.Repeat([]byte("descriptors "), 1<<20/12)
	var r io.Reader
	switch source {
	case "file":
		name := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(name, data, 0o600))
		f := s.Opened(name)
		r = f
	case "pipe":
		f, w, err := os.Pipe()
		require.NoError(t, err)
		go func() { w.Write(data); w.Close() }()
		r = f
	default:
		var from net.Conn
		if source == "tcp" {
			r, from = s.Pair()
		} else {
			r, from = s.StreamPair(source)
		}
		go func() { from.Write(data); from.Close() }()
	}
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Max: old.Max}))
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &old) })
	received := make(chan []byte, 1)
	go func() {
		time.Sleep(10 * time.Millisecond) // meanwhile there is no room
		b, _ := io.ReadAll(peer)
		received <- b
	}()
	n, err := io.Copy(c, r)
	require.NoError(t, err)
	require.EqualValues(t, len(data), n)
	require.NoError(t, c.CloseWrite())
	require.Equal(t, data, <-received)
}
