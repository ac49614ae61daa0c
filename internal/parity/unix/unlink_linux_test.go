package unix

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// If this fails, Close of a listener leaves its file, removes another's, or removes it
// when it was told not to.
func TestUnixUnlink(t *testing.T) {
	yes, no := true, false
	for name, tt := range map[string]struct {
		fromFile bool
		set      *bool
	}{
		"Listen": {}, "Listen, told to": {set: &yes}, "Listen, told not to": {set: &no},
		"FileListener": {fromFile: true}, "FileListener, told to": {true, &yes}, "FileListener, told not to": {true, &no},
	} {
		t.Run(name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				made := s.UnixListener("unix", "server")
				l := made
				if tt.fromFile {
					f, err := made.File()
					require.NoError(s, err)
					fromFile, err := s.FileListener(f)
					require.NoError(s, err)
					require.NoError(s, f.Close())
					l = fromFile.(both.UnixListener)
				}
				if tt.set != nil {
					l.SetUnlinkOnClose(*tt.set)
				}
				r := both.Results(exists("server"), l.Close(), exists("server"))
				// The name may be another one's now: it must survive the second Close.
				if !exists("server") {
					require.NoError(s, os.WriteFile("server", nil, 0o600))
				}
				r = append(r, l.Close(), exists("server"))
				if made != l {
					r = append(r, made.Close(), exists("server"))
				}
				return r
			})
		})
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// If this fails, Close of a listener closes the socket before its file is removed, and
// a dial in between is refused by a name of which the next server thinks that it is free.
func TestUnixUnlinkComesFirst(t *testing.T) {
	both.UnixSide(t, func(s *both.Side) []any {
		l := s.UnixListener("unix", "server")
		raw, err := l.SyscallConn()
		require.NoError(s, err)
		closed := make(chan error, 1)
		err = raw.Control(func(fd uintptr) { // keeps the descriptor open
			go func() { closed <- l.Close() }()
			nettest.Eventually(s, "the file is gone", func() bool { return !exists("server") })
			_, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
			require.NoError(s, err)
			require.Empty(s, closed)
		})
		return both.Results(err, <-closed)
	})
}

// If this fails, two goroutines that close a listener remove a file twice, or both
// think that they closed it.
func TestUnixCloseTwiceAtOnce(t *testing.T) {
	both.UnixSide(t, func(s *both.Side) []any {
		won := 0
		for range 100 {
			l := s.UnixListener("unix", "server")
			errs := make(chan error)
			for range 2 {
				go func() { errs <- l.Close() }()
			}
			for range 2 {
				if err := <-errs; err == nil {
					won++
				} else {
					require.ErrorIs(s, err, net.ErrClosed)
				}
			}
		}
		return both.Results(won)
	})
}

// If this fails, a listener with an abstract name removes a file that is called like it.
func TestAbstractNameIsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	both.Compare(t, func(s *both.Side) []any {
		name := "@" + strings.ReplaceAll(t.Name(), "/", "-") // the same for both, one after the other
		require.NoError(s, os.WriteFile(name, nil, 0o600))
		l, err := s.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		require.NoError(s, err)
		require.NoError(s, l.Close())
		_, err = os.Stat(name)
		return both.Results(err)
	})
}
