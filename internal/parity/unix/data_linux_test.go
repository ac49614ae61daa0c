package unix

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// The data of a Unix socket: packets, control messages, and streams that end a
// read where one of those is.

var unixTypes = map[string]int{"unix": unix.SOCK_STREAM, "unixpacket": unix.SOCK_SEQPACKET, "unixgram": unix.SOCK_DGRAM}

// If this fails, packets run into each other, one without data is taken for another
// thing than by package net (an end, on "unixpacket"), or what did not fit is not lost.
func TestUnixPackets(t *testing.T) {
	reads := map[string]func(c both.UnixConn, room int) string{
		"Read": func(c both.UnixConn, room int) string {
			b := make([]byte, room)
			n, err := c.Read(b)
			return fmt.Sprintf("%q %v", b[:n], err)
		},
		"ReadFrom": func(c both.UnixConn, room int) string {
			b := make([]byte, room)
			n, from, err := c.ReadFrom(b)
			return fmt.Sprintf("%q %v %v", b[:n], from, err)
		},
		"ReadMsgUnix": func(c both.UnixConn, room int) string {
			b := make([]byte, room)
			n, oobn, flags, from, err := c.ReadMsgUnix(b, nil)
			return fmt.Sprintf("%q %d %#x %v %v", b[:n], oobn, flags, from, err)
		},
		"ReadMsgUnix with room for control messages": func(c both.UnixConn, room int) string {
			b := make([]byte, room)
			n, oobn, flags, from, err := c.ReadMsgUnix(b, make([]byte, 100))
			return fmt.Sprintf("%d %d %#x %v %v", n, oobn, flags, from, err)
		},
	}
	for _, network := range []string{"unixpacket", "unixgram"} {
		for name, read := range reads {
			for _, room := range []int{0, 3, 8} {
				t.Run(fmt.Sprintf("%s/%s/%d", network, name, room), func(t *testing.T) {
					both.UnixSide(t, func(s *both.Side) (r []any) {
						c, peer := s.UnixPair(network)
						require.NoError(s, peer.SetReadDeadline(nettest.Soon()))
						packets := []string{"first", "", "second", "", "", "last"}
						for _, p := range packets {
							n, err := c.Write([]byte(p))
							r = append(r, n, err)
						}
						for range packets {
							if name == "Read" && room == 0 {
								break // asks nobody
							}
							r = append(r, read(peer, room))
						}
						return r
					})
				})
			}
		}
	}
}

// If this fails, a goroutine that writes datagrams to a peer that is slow is not woken
// when there is room again, or data is lost.
func TestUnixDatagramsWaitForRoom(t *testing.T) {
	both.UnixSide(t, func(s *both.Side) []any {
		c, peer := s.UnixPair("unixgram")
		other, err := s.ListenUnixgram("unixgram", &net.UnixAddr{Name: "other", Net: "unixgram"})
		require.NoError(s, err)
		defer other.Close()
		to := &net.UnixAddr{Name: "server", Net: "unixgram"}
		const count = 500
		writes := map[string]func() error{
			"Write":        func() error { _, err := c.Write([]byte("data")); return err },
			"WriteTo":      func() error { _, err := other.WriteTo([]byte("data"), peer.LocalAddr()); return err },
			"WriteMsgUnix": func() error { _, _, err := other.WriteMsgUnix([]byte("data"), nil, to); return err },
		}
		for name, write := range writes {
			written := s.Park(func() error {
				for range count {
					if err := write(); err != nil {
						return err
					}
				}
				return nil
			})
			for range count {
				b := make([]byte, 8)
				require.NoError(s, peer.SetReadDeadline(nettest.Soon()))
				n, err := peer.Read(b)
				require.NoError(s, err, name)
				require.Equal(s, "data", string(b[:n]), name)
			}
			require.NoError(s, <-written, name)
		}
		return nil
	})
}

// If this fails, an empty datagram to a peer whose queue is full is not sent when
// there is room. (Package net does not wait with it, and says EAGAIN.)
func TestUnixEmptyDatagramWaitsForRoom(t *testing.T) {
	for _, std := range []bool{true, false} {
		s := both.NewSide(t, std)
		s.Chdir(s.TempDir())
		c, peer := s.UnixPair("unixgram")
		raw, err := c.SyscallConn()
		require.NoError(t, err)
		queued := 0
		require.NoError(t, raw.Control(func(fd uintptr) {
			for unix.Send(int(fd), []byte("data"), unix.MSG_DONTWAIT) == nil {
				queued++
			}
		}))
		write := s.Park(func() error { _, err := c.Write(nil); return err })
		if std {
			require.ErrorIs(t, <-write, syscall.EAGAIN)
			continue
		}
		for range queued {
			_, err := peer.Read(make([]byte, 8))
			require.NoError(t, err)
		}
		require.NoError(t, <-write)
		n, err := peer.Read(make([]byte, 8))
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

// If this fails, descriptors do not come along with data, or without any, are
// inherited by a child, or come where there was no room for them.
func TestUnixRights(t *testing.T) {
	for _, network := range unixNetworks {
		for _, data := range []string{"", "d", "data"} {
			for _, room := range []int{0, 1, 8} {
				for fds := range 4 {
					t.Run(fmt.Sprintf("%s/%q/%d/%d", network, data, room, fds), func(t *testing.T) {
						if data == "" && fds == 0 && network == "unix" {
							t.Skip("sends nothing")
						}
						both.Compare(t, func(s *both.Side) []any {
							c, peer := s.UnixConns(unixTypes[network])
							return passRights(s, c, peer, []byte(data), room, fds)
						})
					})
				}
			}
		}
	}
}

// passRights sends data with a few descriptors, receives it, with room for so many
// bytes and two descriptors, and returns what came. The descriptors must work.
func passRights(s *both.Side, c, peer both.UnixConn, data []byte, room, fds int) []any {
	nettest.NoFDsLeft(s)
	var rights []int
	for range fds {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		defer r.Close()
		defer w.Close()
		_, err = w.WriteString("through")
		require.NoError(s, err)
		rights = append(rights, int(r.Fd()))
	}
	var oob []byte
	if fds > 0 {
		oob = unix.UnixRights(rights...)
	}
	require.NoError(s, peer.SetReadDeadline(nettest.Soon()))
	n, oobn, err := c.WriteMsgUnix(data, oob, nil)
	got := make([]byte, room)
	space := make([]byte, unix.CmsgSpace(2*4))
	n2, oobn2, flags, from, err2 := peer.ReadMsgUnix(got, space)
	r := both.Results(n, oobn, err, n2, oobn2, flags, both.Tell(from), err2, got)
	for _, fd := range received(s, space[:oobn2]) {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		require.NoError(s, err)
		b := make([]byte, 100)
		n, err := syscall.Read(fd, b)
		r = append(r, flags&unix.FD_CLOEXEC, string(b[:max(n, 0)]), err)
		require.NoError(s, syscall.Close(fd))
	}
	return r
}

// received returns the descriptors in control messages.
func received(s *both.Side, oob []byte) (fds []int) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	require.NoError(s, err)
	for _, m := range messages {
		if m.Header.Type != unix.SCM_RIGHTS {
			continue
		}
		got, err := syscall.ParseUnixRights(&m)
		require.NoError(s, err)
		fds = append(fds, got...)
	}
	return fds
}

// If this fails, a peer's credentials are not those of its process, or do not come.
func TestUnixCredentials(t *testing.T) {
	for _, network := range unixNetworks {
		for _, explicit := range []bool{false, true} {
			for _, data := range []string{"", "data"} {
				t.Run(fmt.Sprintf("%s/%t/%q", network, explicit, data), func(t *testing.T) {
					if data == "" && !explicit && network == "unix" {
						t.Skip("sends nothing")
					}
					both.Compare(t, func(s *both.Side) []any {
						c, peer := s.UnixConns(unixTypes[network])
						return passCredentials(s, c, peer, data, explicit)
					})
				})
			}
		}
	}
}

func passCredentials(s *both.Side, c, peer both.UnixConn, data string, explicit bool) []any {
	raw, err := peer.SyscallConn()
	require.NoError(s, err)
	require.NoError(s, raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	}))
	require.NoError(s, err)
	require.NoError(s, peer.SetReadDeadline(nettest.Soon()))
	var oob []byte
	if explicit {
		oob = unix.UnixCredentials(&unix.Ucred{Pid: int32(os.Getpid()), Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())})
	}
	n, oobn, err := c.WriteMsgUnix([]byte(data), oob, nil)
	space := make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	n2, oobn2, flags, _, err2 := peer.ReadMsgUnix(make([]byte, 8), space)
	messages, err3 := unix.ParseSocketControlMessage(space[:oobn2])
	require.NoError(s, err3)
	require.Len(s, messages, 1)
	cred, err3 := unix.ParseUnixCredentials(&messages[0])
	require.NoError(s, err3)
	return both.Results(n, oobn, err, n2, oobn2, flags, err2, int(cred.Pid) == os.Getpid(), int(cred.Uid), int(cred.Gid))
}

// If this fails, what a Read leaves behind because it ended at descriptors, at another
// process's credentials or at an urgent byte, is not read before something else
// arrives: a short read of a Unix stream was taken for an empty one.
func TestUnixStreamReadsOnAfterShortRead(t *testing.T) {
	plain := func(data string) func(c both.UnixConn) error {
		return func(c both.UnixConn) error { _, err := c.Write([]byte(data)); return err }
	}
	rights := func(data string) func(c both.UnixConn) error {
		return func(c both.UnixConn) error {
			_, _, err := c.WriteMsgUnix([]byte(data), unix.UnixRights(0), nil)
			return err
		}
	}
	urgent := func(data string) func(c both.UnixConn) error {
		return func(c both.UnixConn) error {
			raw, err := c.SyscallConn()
			if err != nil {
				return err
			}
			controlErr := raw.Control(func(fd uintptr) { err = unix.Send(int(fd), []byte(data), unix.MSG_OOB) })
			return errors.Join(controlErr, err)
		}
	}
	for name, writes := range map[string][]func(c both.UnixConn) error{
		"data":                    {plain("one "), plain("two "), plain("three")},
		"descriptors last":        {plain("one "), plain("two "), rights("three")},
		"descriptors between":     {plain("one "), rights("two "), plain("three")},
		"descriptors each time":   {rights("one "), rights("two "), rights("three")},
		"urgent between":          {plain("one "), urgent("!"), plain("two")},
		"urgent last":             {plain("one "), plain("two "), urgent("!")},
		"urgent and descriptors":  {plain("one "), urgent("!"), rights("two "), plain("three")},
		"urgent twice":            {plain("one "), urgent("!"), plain("two "), urgent("!"), plain("three")},
		"urgent, several at once": {urgent("one!"), plain("two")},
	} {
		t.Run(name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, peer := s.UnixConns(unix.SOCK_STREAM)
				for _, write := range writes {
					if err := write(c); errors.Is(err, unix.EOPNOTSUPP) {
						s.Skip("this kernel has no urgent data on Unix sockets")
					} else {
						require.NoError(s, err)
					}
				}
				require.NoError(s, c.CloseWrite())
				return readAll(s, peer)
			})
		})
	}
}

// readAll returns what each Read returned, to the end.
func readAll(s *both.Side, c net.Conn) (r []any) {
	require.NoError(s, c.SetReadDeadline(nettest.Soon()))
	for b := make([]byte, 100); ; {
		n, err := c.Read(b)
		r = append(r, string(b[:n]))
		if err != nil {
			return append(r, err)
		}
	}
}

// If this fails, a Unix stream that was read to the last byte stops hearing of what
// comes later, one piece after the other, with descriptors or without.
func TestUnixStreamPingPong(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.UnixConns(unix.SOCK_STREAM)
		echoed := make(chan error, 1)
		go func() {
			_, err := io.Copy(struct{ io.Writer }{peer}, struct{ io.Reader }{peer})
			echoed <- err
		}()
		require.NoError(s, c.SetDeadline(nettest.Soon()))
		b := make([]byte, 100)
		for i := range 200 {
			var oob []byte
			if i%3 == 0 {
				oob = unix.UnixRights(0)
			}
			_, _, err := c.WriteMsgUnix([]byte("ping"), oob, nil)
			require.NoError(s, err)
			n, err := io.ReadFull(c, b[:4])
			require.NoError(s, err)
			require.Equal(s, "ping", string(b[:n]))
		}
		require.NoError(s, c.CloseWrite())
		return both.Results(<-echoed)
	})
}

// If this fails, CloseWrite of a Unix stream ends what the peer has to say.
func TestUnixCloseWriteLeavesReads(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, peer := s.UnixPair("unix")
		require.NoError(s, c.CloseWrite())
		_, err := peer.Write([]byte("x"))
		b := make([]byte, 8)
		n, readErr := c.Read(b)
		return both.Results(err, string(b[:n]), readErr)
	})
}
