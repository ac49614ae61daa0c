package copy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// large is a size that takes several system calls, as neither sends more than 2 GiB at
// once, and ends in the middle of a page. Short tests send less, and so do those with the
// race detector and machines whose addresses have 32 bits.
func large() int64 {
	switch {
	case testing.Short() || nettest.UnderRace():
		return 64<<20 + 1
	case math.MaxInt == math.MaxInt32:
		return 1<<30 + 1
	}
	return 2<<30 + 1<<20 + 1
}

// mark writes where a transfer may be cut, by write, so that the order of the pieces
// shows.
func mark(size int64, write func(b []byte, at int64)) {
	for _, at := range []int64{0, 1<<30 - 3, 2<<30 - 4096 - 3, 2<<30 - 3, size - 8} {
		if at+8 <= size {
			write(binary.BigEndian.AppendUint64(nil, uint64(at+1)), at)
		}
	}
}

// sum receives all of a connection, and returns its length and its checksum.
func sum(c net.Conn) <-chan []any {
	done := make(chan []any, 1)
	go func() {
		hash := crc32.NewIEEE()
		n, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{c}, make([]byte, 1<<20))
		done <- both.Results(n, hash.Sum32(), err)
	}()
	return done
}

// If this fails, one Write of more than any system call takes loses some of it, sends
// some twice, or counts wrong; or Buffers do.
func TestLargeWrite(t *testing.T) {
	size := large()
	zeros, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	require.NoError(t, err)
	defer unix.Munmap(zeros)
	mark(size, func(b []byte, at int64) { copy(zeros[at:], b) }) // the rest needs no memory
	for name, write := range map[string]func(s *both.Side, c net.Conn) (int64, error){
		"Write":   func(_ *both.Side, c net.Conn) (int64, error) { n, err := c.Write(zeros); return int64(n), err },
		"Buffers": func(s *both.Side, c net.Conn) (int64, error) { return s.WriteBuffers(&[][]byte{zeros}, c) },
	} {
		t.Run(name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, peer := s.Pair()
				received := sum(peer)
				n, err := write(s, c)
				require.NoError(s, c.Close())
				require.Equal(s, size, n)
				return append(<-received, n, err)
			})
		})
	}
}

// If this fails, a file of more than any system call takes is sent in part, or counted
// wrong.
func TestLargeFile(t *testing.T) {
	size := large()
	both.Compare(t, func(s *both.Side) []any {
		f := emptyFile(s)
		require.NoError(s, f.Truncate(size))
		mark(size, func(b []byte, at int64) {
			_, err := f.WriteAt(b, at)
			require.NoError(s, err)
		})
		c, peer := s.Pair()
		received := sum(peer)
		n, err := io.Copy(c, f)
		require.NoError(s, c.Close())
		require.Equal(s, size, n)
		return append(append(<-received, n, err), position(f)()...)
	})
}

// emptyFile returns a file in memory, of which holes take none.
func emptyFile(s *both.Side) *os.File {
	fd, err := unix.MemfdCreate("large", unix.MFD_CLOEXEC)
	require.NoError(s, err)
	f := os.NewFile(uintptr(fd), "large")
	s.Cleanup(func() { f.Close() })
	return f
}

// If this fails, what is typed on a terminal cannot be copied to a connection: the
// kernel sends from no such file, and that must not end the copy.
func TestCopyFromTerminal(t *testing.T) {
	for way, move := range map[string]func(c both.TCPConn, r io.Reader) (int64, error){
		"ReadFrom": func(c both.TCPConn, r io.Reader) (int64, error) { return c.ReadFrom(r) },
		"Copy":     func(c both.TCPConn, r io.Reader) (int64, error) { return io.Copy(c, r) },
	} {
		for _, limited := range []bool{true, false} {
			t.Run(fmt.Sprint(way, " limited ", limited), func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					typist, terminal := terminal(s)
					c, peer := s.Pair()
					const line = "a line\n"
					_, err := io.WriteString(typist, line)
					require.NoError(s, err)
					var r io.Reader = terminal
					if limited {
						r = io.LimitReader(terminal, int64(len(line)))
					} else {
						_, err := typist.Write([]byte{4}) // Ctrl-D: the end
						require.NoError(s, err)
					}
					received := sum(peer)
					n, err := move(c, r)
					require.NoError(s, c.Close())
					return append(<-received, n, err)
				})
			})
		}
	}
}

// terminal returns both ends of a terminal: what a program reads is what was typed.
func terminal(s *both.Side) (typist, terminal *os.File) {
	s.Helper()
	typist, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if errors.Is(err, os.ErrNotExist) {
		s.Skip("no terminals here: ", err)
	}
	require.NoError(s, err)
	s.Cleanup(func() { typist.Close() })
	raw, err := typist.SyscallConn()
	require.NoError(s, err)
	var number int
	require.NoError(s, raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}))
	require.NoError(s, err)
	name := fmt.Sprint("/dev/pts/", number)
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0) // blocking, as a program's is
	require.NoError(s, err)
	terminal = os.NewFile(uintptr(fd), "terminal")
	s.Cleanup(func() { terminal.Close() })
	return typist, terminal
}
