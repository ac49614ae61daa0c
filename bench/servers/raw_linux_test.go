package servers

import (
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, the floor under accept gives its user another socket than the packages do.
func TestRawConnectionsHaveTheOptionsOfNets(t *testing.T) {
	ln, port, err := rawListen()
	require.NoError(t, err)
	defer unix.Close(ln)
	peer, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	defer peer.Close()
	require.NoError(t, unix.SetNonblock(ln, false))
	raw, _, err := unix.Accept4(ln, unix.SOCK_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(raw)

	std, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer std.Close()
	other, err := net.Dial("tcp", std.Addr().String())
	require.NoError(t, err)
	defer other.Close()
	accepted, err := std.Accept()
	require.NoError(t, err)
	defer accepted.Close()
	conn, err := accepted.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, conn.Control(func(fd uintptr) {
		for _, o := range rawOptions {
			want, err := unix.GetsockoptInt(int(fd), o.level, o.option)
			require.NoError(t, err)
			got, err := unix.GetsockoptInt(raw, o.level, o.option)
			require.NoError(t, err)
			assert.Equal(t, want, got, "option %d of level %d", o.option, o.level)
		}
	}))
}
