package unix

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

var unixNetworks = []string{"unix", "unixpacket", "unixgram"}

// unixNames are names of sockets: files, abstract ones, and what is neither. A path
// has room for 108 bytes.
var unixNames = map[string]string{
	"file":              "file",
	"autobind":          "",
	"abstract":          fmt.Sprintf("@netpoller test %d", os.Getpid()),
	"abstract by zero":  fmt.Sprintf("\x00netpoller test %d", os.Getpid()),
	"abstract, two @":   fmt.Sprintf("@@netpoller test %d", os.Getpid()),
	"zero byte in file": "file\x00more",
	"zero byte in abstract": fmt.Sprintf("@netpoller test %d\x00more",
		os.Getpid()),
	"@ alone":                "@",
	"zero byte alone":        "\x00",
	"dot":                    ".",
	"no directory":           "nowhere/file",
	"longest file":           strings.Repeat("f", 107),
	"too long a file":        strings.Repeat("f", 108),
	"far too long a file":    strings.Repeat("f", 300),
	"longest abstract":       "@" + strings.Repeat("a", 107),
	"too long an abstract":   "@" + strings.Repeat("a", 108),
	"longest abstract, zero": "\x00" + strings.Repeat("a", 107),
	"abstract, padded":       "\x00padded" + strings.Repeat("\x00", 101),
	"not ASCII":              "gr\u00fc\u00df \xff",
}

// If this fails, some name of a socket cannot be bound, cannot be reached or is told
// otherwise than by package net: at either end, listener included, and by what a
// datagram says of its sender.
func TestUnixNames(t *testing.T) {
	for _, network := range unixNetworks {
		for name, path := range unixNames {
			t.Run(network+"/"+name, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) (r []any) {
					for _, local := range []*net.UnixAddr{nil, {Name: "", Net: network}, {Name: "local", Net: network}} {
						os.Remove("local")
						r = append(r, unixAddresses(s, network, local, &net.UnixAddr{Name: path, Net: network})...)
					}
					return r
				})
			})
		}
	}
}

// unixAddresses returns the addresses that a connection has, or the first error.
func unixAddresses(s *both.Side, network string, local, remote *net.UnixAddr) []any {
	if network == "unixgram" {
		return unixgramAddresses(s, local, remote)
	}
	l, err := s.ListenUnix(network, remote)
	if err != nil {
		return both.Results(err)
	}
	defer l.Close()
	r := both.Results(both.Tell(l.Addr()))
	c, err := s.DialUnix(network, local, l.Addr().(*net.UnixAddr))
	if err != nil {
		return append(r, likeAutobound(err))
	}
	defer c.Close()
	peer, err := s.AcceptUnix(l)
	require.NoError(s, err)
	defer peer.Close()
	r = append(r, both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()), both.Tell(peer.LocalAddr()), both.Tell(peer.RemoteAddr()))
	_, err = c.Write([]byte("data"))
	require.NoError(s, err)
	n, from, err := peer.ReadFromUnix(make([]byte, 8))
	f, err2 := c.File()
	require.NoError(s, err2)
	defer f.Close()
	return append(r, n, both.Tell(from), err, autoboundIn(f.Name()))
}

func unixgramAddresses(s *both.Side, local, remote *net.UnixAddr) []any {
	peer, err := s.ListenUnixgram("unixgram", remote)
	if err != nil {
		return both.Results(err)
	}
	defer os.Remove(remote.Name)
	defer os.Remove("file")
	defer peer.Close()
	r := both.Results(both.Tell(peer.LocalAddr()), both.Tell(peer.RemoteAddr()))
	c, err := s.DialUnix("unixgram", local, peer.LocalAddr().(*net.UnixAddr))
	if err != nil {
		return append(r, likeAutobound(err))
	}
	defer c.Close()
	r = append(r, both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()))
	for range 3 {
		_, err = c.Write([]byte("data"))
		require.NoError(s, err)
	}
	n, from, err := peer.ReadFrom(make([]byte, 8))
	n2, from2, err2 := peer.ReadFromUnix(make([]byte, 8))
	n3, _, _, from3, err3 := peer.ReadMsgUnix(make([]byte, 8), nil)
	return append(r, n, both.Tell(from), err, n2, both.Tell(from2), err2, n3, both.Tell(from3), err3)
}

// likeAutobound evens out the names that the kernel chose in an error.
func likeAutobound(err error) string { return autoboundIn(nettest.Describe(err)) }

func autoboundIn(s string) string { return both.AnyAutobound.ReplaceAllString(s, "@AUTO") }

// If this fails, a dial that cannot work fails with another error than package net's,
// or works.
func TestErrorsOfUnixDial(t *testing.T) {
	for _, network := range unixNetworks {
		for _, address := range []string{"", "missing", "nowhere/file", "directory", "regular", "stream", "packet", "datagrams",
			"dead", "@nobody is there", "@", strings.Repeat("f", 107), strings.Repeat("f", 108), "@" + strings.Repeat("a", 108)} {
			t.Run(network+"/"+address, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) []any {
					unixCrowd(s)
					c, err := s.Dial(context.Background(), net.Dialer{}, network, address)
					if err != nil {
						return both.Results(c == nil, err)
					}
					defer c.Close()
					return both.Results(both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()))
				})
			})
		}
	}
}

// unixCrowd makes a socket of each kind, what is none, and one that nobody listens to.
func unixCrowd(s *both.Side) {
	s.UnixListener("unix", "stream")
	s.UnixListener("unixpacket", "packet")
	c, err := s.ListenUnixgram("unixgram", &net.UnixAddr{Name: "datagrams", Net: "unixgram"})
	require.NoError(s, err)
	s.Cleanup(func() { c.Close() })
	l := s.UnixListener("unix", "dead")
	l.SetUnlinkOnClose(false)
	require.NoError(s, l.Close())
	require.NoError(s, os.Mkdir("directory", 0o700))
	require.NoError(s, os.WriteFile("regular", nil, 0o600))
}

// If this fails, DialUnix takes arguments that package net refuses, or the other way
// round, or tells them apart otherwise.
func TestErrorsOfDialUnix(t *testing.T) {
	tests := []struct {
		name, network string
		laddr, raddr  *net.UnixAddr
	}{
		{"no network", "", nil, &net.UnixAddr{Name: "stream", Net: "unix"}},
		{"tcp", "tcp", nil, &net.UnixAddr{Name: "stream", Net: "unix"}},
		{"no addresses", "unix", nil, nil},
		{"no addresses, packets", "unixpacket", nil, nil},
		{"no addresses, datagrams", "unixgram", nil, nil},
		{"empty addresses", "unix", &net.UnixAddr{}, &net.UnixAddr{}},
		{"empty addresses, datagrams", "unixgram", &net.UnixAddr{}, &net.UnixAddr{}},
		{"local address only", "unix", &net.UnixAddr{Name: "local", Net: "unix"}, nil},
		{"local address only, packets", "unixpacket", &net.UnixAddr{Name: "local"}, &net.UnixAddr{}},
		{"local address only, datagrams", "unixgram", &net.UnixAddr{Name: "local", Net: "unixgram"}, nil},
		{"local address only, datagrams, no network", "unixgram", &net.UnixAddr{Name: "local"}, &net.UnixAddr{}},
		{"network of another kind", "unix", nil, &net.UnixAddr{Name: "stream", Net: "unixgram"}},
		{"local network of another kind", "unix", &net.UnixAddr{Name: "local", Net: "unixgram"}, &net.UnixAddr{Name: "stream", Net: "unix"}},
		{"local address in use", "unix", &net.UnixAddr{Name: "dead", Net: "unix"}, &net.UnixAddr{Name: "stream", Net: "unix"}},
		{"local address nowhere", "unix", &net.UnixAddr{Name: "nowhere/local", Net: "unix"}, &net.UnixAddr{Name: "stream", Net: "unix"}},
		{"local address too long", "unix", &net.UnixAddr{Name: strings.Repeat("f", 108), Net: "unix"}, &net.UnixAddr{Name: "stream", Net: "unix"}},
		{"remote address too long", "unixgram", &net.UnixAddr{Name: "local", Net: "unixgram"}, &net.UnixAddr{Name: strings.Repeat("f", 108)}},
		{"self", "unixgram", &net.UnixAddr{Name: "local", Net: "unixgram"}, &net.UnixAddr{Name: "local", Net: "unixgram"}},
		{"self, stream", "unix", &net.UnixAddr{Name: "local", Net: "unix"}, &net.UnixAddr{Name: "local", Net: "unix"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				unixCrowd(s)
				c, err := s.DialUnix(tt.network, tt.laddr, tt.raddr)
				if err != nil {
					return both.Results(err)
				}
				defer c.Close()
				return both.Results(both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()))
			})
			both.UnixSide(t, func(s *both.Side) []any {
				unixCrowd(s)
				if tt.raddr == nil {
					return nil
				}
				var d net.Dialer
				if tt.laddr != nil {
					d.LocalAddr = tt.laddr
				}
				c, err := s.Dial(context.Background(), d, tt.network, tt.raddr.Name)
				if err != nil {
					return both.Results(err)
				}
				defer c.Close()
				return both.Results(both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()))
			})
		})
	}
}

// If this fails, a dial to a listener whose queue is full does not fail at once, as it
// does with package net: the kernel has nothing that such a dial could wait for.
func TestErrorsOfUnixDialToFullQueue(t *testing.T) {
	for _, network := range []string{"unix", "unixpacket"} {
		both.UnixSide(t, func(s *both.Side) []any {
			l := s.UnixListener(network, "server")
			raw, err := l.SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }))
			require.NoError(s, err)
			c, err := s.Dial(context.Background(), net.Dialer{}, network, "server") // a queue of 0 holds one
			require.NoError(s, err)
			defer c.Close()
			_, err = s.Dial(context.Background(), net.Dialer{}, network, "server")
			require.ErrorIs(s, err, syscall.EAGAIN)
			return both.Results(err)
		})
	}
}

// If this fails, a listen that cannot work fails with another error than package net's.
func TestErrorsOfUnixListen(t *testing.T) {
	for _, network := range unixNetworks {
		for _, address := range []string{"nowhere/file", "directory", "regular", "stream", "datagrams", "dead", strings.Repeat("f", 108)} {
			t.Run(network+"/"+address, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) []any {
					unixCrowd(s)
					l, err := s.Listen(context.Background(), net.ListenConfig{}, network, address)
					c, err2 := s.ListenUnixPacket(nil, network, address)
					return both.Results(l == nil, err, c == nil, err2)
				})
			})
		}
	}
}

// If this fails, ListenUnix or ListenUnixgram checks its arguments otherwise than
// package net.
func TestErrorsOfListenUnix(t *testing.T) {
	for _, network := range []string{"", "tcp", "unix", "unixpacket", "unixgram", "unix4"} {
		for name, laddr := range map[string]*net.UnixAddr{
			"nil":             nil,
			"zero":            {},
			"other network":   {Name: "file", Net: "tcp"},
			"no network":      {Name: "file"},
			"far too long":    {Name: strings.Repeat("f", 300), Net: network},
			"no such":         {Name: "nowhere/file", Net: network},
			"what it must be": {Name: "file", Net: network},
		} {
			t.Run(network+"/"+name, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) (r []any) {
					if l, err := s.ListenUnix(network, laddr); err != nil {
						r = append(r, err)
					} else {
						r = append(r, both.Tell(l.Addr()), l.Close())
					}
					c, err := s.ListenUnixgram(network, laddr)
					if err != nil {
						return append(r, err)
					}
					return append(r, both.Tell(c.LocalAddr()), c.Close())
				})
			})
		}
	}
}

// If this fails, "unixgram" given to Listen, or a network of connections given to
// ListenPacket, comes to something else than with package net, which makes a socket
// that is of no use.
func TestUnixListenOfTheWrongKind(t *testing.T) {
	both.UnixSide(t, func(s *both.Side) []any {
		l, err := s.Listen(context.Background(), net.ListenConfig{}, "unixgram", "file")
		require.NoError(s, err)
		_, err = l.Accept()
		_, statErr := os.Stat("file")
		closeErr := l.Close()
		_, statErr2 := os.Stat("file")
		return both.Results(both.TellType(l), both.Tell(l.Addr()), err, statErr, closeErr, os.IsNotExist(statErr2))
	})
	for _, network := range []string{"unix", "unixpacket"} {
		both.UnixSide(t, func(s *both.Side) []any {
			c, err := s.ListenUnixPacket(nil, network, "file")
			require.NoError(s, err)
			u := c.(both.UnixConn)
			r := both.Results(both.TellType(c), both.Tell(u.LocalAddr()), both.Tell(u.RemoteAddr()))
			n, err := u.Read(make([]byte, 8))
			n2, from, err2 := u.ReadFrom(make([]byte, 8))
			n3, err3 := u.Write([]byte("data"))
			n4, err4 := u.WriteTo([]byte("data"), u.LocalAddr())
			r = append(r, n, err, n2, from, err2, n3, err3, n4, err4)
			dialed, err := s.Dial(context.Background(), net.Dialer{}, network, "file") // it listens
			require.NoError(s, err)
			dialed.Close()
			_, statErr := os.Stat("file")
			closeErr := u.Close()
			_, statErr2 := os.Stat("file")
			return append(r, statErr, closeErr, statErr2)
		})
	}
}

// If this fails, a hook of a listen or a dial is told another network or address than
// by package net, cannot use the socket, or its error is lost.
func TestUnixControl(t *testing.T) {
	for _, network := range unixNetworks {
		both.UnixSide(t, func(s *both.Side) (r []any) {
			control := func(network, address string, c syscall.RawConn) error {
				var sotype int
				err := c.Control(func(fd uintptr) {
					sotype, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE)
				})
				r = append(r, network, address, sotype, err, c.Read(func(uintptr) bool { return false }))
				return nil
			}
			lc := net.ListenConfig{Control: control}
			if network == "unixgram" {
				c, err := s.ListenUnixPacket(control, network, "server")
				require.NoError(s, err)
				defer c.Close()
			} else {
				l, err := s.Listen(context.Background(), lc, network, "server")
				require.NoError(s, err)
				defer l.Close()
			}
			c, err := s.Dial(context.Background(), net.Dialer{Control: control}, network, "server")
			require.NoError(s, err)
			c.Close()
			refuse := func(string, string, syscall.RawConn) error { return unix.EXDEV }
			_, err = s.Dial(context.Background(), net.Dialer{Control: refuse}, network, "server")
			_, err2 := s.Listen(context.Background(), net.ListenConfig{Control: refuse}, network, "other")
			_, err3 := s.ListenUnixPacket(refuse, network, "other")
			return append(r, err, err2, err3)
		})
	}
}
