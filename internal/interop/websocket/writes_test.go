//go:build linux

package websocket

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// If this fails, docs/reference/interop.md is wrong about what it costs that gorilla/websocket
// hands a large message to net.Buffers, which knows package net's connections only.
func TestWritesPerMessage(t *testing.T) {
	server := ends.Ours(ends.NewGroup(t, netpoller.PollerConfig{}))
	writes := func(size int64) int {
		l, result := connect(t, libraries[0], libraries[0], ends.Pair{Server: server, Client: ends.Net()}, false, func(l link) error {
			if _, err := l.receive(); err != nil {
				return err
			}
			var n atomic.Int32
			defer sys.SetFault(func(call sys.Call, _ int) error {
				if call == sys.CallWrite {
					n.Add(1)
				}
				return nil
			})()
			err := l.send(ends.Bytes(1, size))
			assert.NoError(t, l.send([]byte{byte(n.Load())}))
			return err
		})
		require.NoError(t, l.send(nil))
		_, err := l.receive()
		require.NoError(t, err)
		n, err := l.receive()
		require.NoError(t, err)
		require.NoError(t, ends.Receive(t, "the server's end", result))
		return int(n[0])
	}
	small, large := writes(1000), writes(10_000)
	t.Logf("1000 bytes: %d system call", small)
	t.Logf("10000 bytes: %d system calls", large)
	assert.Equal(t, 1, small)
	assert.Equal(t, 2, large) // 1 with package net
}
