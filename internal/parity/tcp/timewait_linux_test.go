package tcp

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// If this fails, a server that has closed a connection itself cannot listen again for a
// minute.
func TestListenBesideTimeWait(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		l, err := s.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(s, err)
		peer, err := net.Dial("tcp4", l.Addr().String())
		require.NoError(s, err)
		c, err := l.Accept()
		require.NoError(s, err)
		require.NoError(s, c.Close()) // first, and so it is this end that waits
		_, err = peer.Read(make([]byte, 1))
		require.Equal(s, io.EOF, err)
		require.NoError(s, peer.Close())
		require.NoError(s, l.Close())
		again, err := s.ListenTCP("tcp4", l.Addr().(*net.TCPAddr))
		if err == nil {
			again.Close()
		}
		return both.Results(err)
	})
}
