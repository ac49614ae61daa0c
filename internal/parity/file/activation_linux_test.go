package file

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Sockets that are made before the program is: its parent listens, and leaves it
// the descriptors from 3 on, as sd_listen_fds(3) has it.

// If this fails, a server that is handed its listening sockets does not find them, does
// not serve who came before it was started, or takes them away when it ends from the
// one who comes after it.
func TestActivatedBySockets(t *testing.T) {
	if activated := os.Getenv("NETPOLLER_ACTIVATED"); activated != "" {
		serveActivated(both.NewSide(t, activated == "net"))
		return
	}
	both.UnixSide(t, func(s *both.Side) (r []any) {
		files, addrs := madeBefore(s)
		for _, blocking := range []bool{true, false} { // the second one is a restart
			var clients []net.Conn
			for _, addr := range addrs {
				c, err := net.Dial(addr.Network(), addr.String())
				require.NoError(s, err)
				defer c.Close()
				_, err = io.WriteString(c, "hello")
				require.NoError(s, err)
				clients = append(clients, c)
			}
			activate(s, files, blocking)
			for _, c := range clients {
				b := make([]byte, 512)
				require.NoError(s, c.SetReadDeadline(nettest.Soon()))
				n, err := c.Read(b)
				r = append(r, string(b[:n]), err)
			}
		}
		return r
	})
}

// madeBefore returns sockets that listen, and where.
func madeBefore(s *both.Side) (files []*os.File, addrs []net.Addr) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s, err)
	local, err := net.Listen("unix", "server")
	require.NoError(s, err)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(s, err)
	for _, made := range []any{tcp, local, udp} {
		s.Cleanup(func() { made.(io.Closer).Close() })
		f, err := made.(both.FileMaker).File()
		require.NoError(s, err)
		s.Cleanup(func() { f.Close() })
		files = append(files, f)
	}
	return files, []net.Addr{tcp.Addr(), local.Addr(), udp.LocalAddr()}
}

// activate starts a server of this side, which serves one client of each socket, and
// waits for its end.
func activate(s *both.Side, files []*os.File, blocking bool) {
	s.Helper()
	exe, err := os.Executable()
	require.NoError(s, err)
	child := exec.CommandContext(s.Context(), "/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, // it keeps the number
		exe, "-test.run=^TestActivatedBySockets$", "-test.v")
	child.Env = append(os.Environ(), "NETPOLLER_ACTIVATED="+map[bool]string{true: "net", false: "ours"}[s.Std],
		"LISTEN_FDS="+strconv.Itoa(len(files)), "LISTEN_FDNAMES=tcp:unix:udp", "BLOCKING="+strconv.FormatBool(blocking))
	child.ExtraFiles = files
	out, err := child.CombinedOutput()
	require.NoError(s, err, "%s", out)
	require.Contains(s, string(out), "--- PASS: TestActivatedBySockets")
}

// serveActivated is the server.
func serveActivated(s *both.Side) {
	require.Equal(s, strconv.Itoa(os.Getpid()), os.Getenv("LISTEN_PID"), "the sockets are meant for this process")
	count, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	require.NoError(s, err)
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	require.Len(s, names, count)
	for i, name := range names {
		fd := 3 + i
		syscall.CloseOnExec(fd)
		require.NoError(s, unix.SetNonblock(fd, os.Getenv("BLOCKING") == "false"))
		f := os.NewFile(uintptr(fd), name)
		var answered string
		if name == "udp" {
			answered = servePacket(s, f)
		} else {
			answered = serveConn(s, f)
		}
		require.Equal(s, "hello", answered, "%s", name)
	}
}

// serveConn answers one client of a listener with what there is to know of it, and
// returns what the client said.
func serveConn(s *both.Side, f *os.File) string {
	l, err := s.FileListener(f)
	require.NoError(s, err)
	require.NoError(s, f.Close())
	require.NoError(s, l.(both.TCPListener).SetDeadline(nettest.Soon()))
	c, err := l.Accept()
	require.NoError(s, err)
	require.NoError(s, c.SetDeadline(nettest.Soon()))
	b := make([]byte, 8)
	n, err := c.Read(b)
	require.NoError(s, err)
	_, err = fmt.Fprint(c, both.TellType(l), " ", l.Addr().Network(), " ", both.TellType(c), " ", c.RemoteAddr().Network())
	require.NoError(s, err)
	require.NoError(s, c.Close())
	require.NoError(s, l.(both.TCPListener).SetDeadline(time.Now().Add(time.Millisecond)))
	_, err = l.Accept()
	nettest.IsTimeout(s.T, err) // the descriptor may have come in blocking mode
	require.NoError(s, l.Close())
	return string(b[:n])
}

// servePacket does the same with a socket of packets.
func servePacket(s *both.Side, f *os.File) string {
	c, err := s.FilePacketConn(f)
	require.NoError(s, err)
	require.NoError(s, f.Close())
	require.NoError(s, c.SetDeadline(nettest.Soon()))
	b := make([]byte, 8)
	n, from, err := c.ReadFrom(b)
	said := string(b[:n])
	require.NoError(s, err)
	_, err = c.WriteTo([]byte(both.TellType(c)+" "+c.LocalAddr().Network()+" "+from.Network()), from)
	require.NoError(s, err)
	require.NoError(s, c.SetDeadline(time.Now().Add(time.Millisecond)))
	_, _, err = c.ReadFrom(b)
	nettest.IsTimeout(s.T, err)
	require.NoError(s, c.Close())
	return said
}
