package conn_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
)

// If this fails, a Write is ended although the peer takes what it is sent: the kernel says
// that there is room only when a good part of the buffer is free, which takes a slow peer
// longer than the limit.
func TestTimeoutConnProgressWithoutRoom(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			c, peer := streamPair(t, network)
			require.NoError(t, c.SetWriteBuffer(4<<20))
			require.NoError(t, peer.SetReadBuffer(1<<18))
			limit := generous / 2
			data := make([]byte, 32<<20)
			done := make(chan struct{})
			defer func() { c.Close(); <-done }()
			go func() {
				defer close(done)
				for range 20 { // twice the limit
					time.Sleep(limit / 10)
					if _, err := io.CopyN(io.Discard, peer, 1<<16); err != nil {
						return
					}
				}
				io.Copy(io.Discard, peer)
			}()
			began := time.Now()
			n, err := conn.WithTimeout(c, never, limit).Write(data)
			require.NoError(t, err)
			require.Equal(t, len(data), n)
			require.Greater(t, time.Since(began), limit, "it was no test")
		})
	}
}
