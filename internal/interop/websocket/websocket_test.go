//go:build linux

package websocket

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// echo sends back what comes, until the other end says bye.
func echo(l link) error {
	for {
		message, err := l.receive()
		if closedNormally(err) {
			return nil
		}
		if err == nil {
			err = l.send(message)
		}
		if err != nil {
			return err
		}
	}
}

// If this fails, messages are lost or altered: at a size where frames are made in
// another way, or with compression.
func TestEcho(t *testing.T) {
	for name, compress := range map[string]bool{"plain": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			forEachLibrary(t, func(t *testing.T, server, client library, p ends.Pair) {
				l, result := connect(t, server, client, p, compress, echo)
				for _, size := range []int64{0, 1, 125, 126, 4096, 65535, 65536, ends.SizeOf(2 << 20)} {
					for _, want := range [][]byte{ends.Bytes(1, size), bytes.Repeat([]byte("a"), int(size))} {
						require.NoError(t, l.send(want))
						got, err := l.receive()
						require.NoError(t, err)
						require.True(t, bytes.Equal(want, got), "%d bytes", size)
					}
				}
				require.NoError(t, l.bye())
				require.NoError(t, ends.Receive(t, "the server's end", result))
			})
		})
	}
}

// A sender sends what is written to it in messages.
type sender struct{ link }

func (s sender) Write(p []byte) (int, error) { return len(p), s.send(p) }

// exchange sends a stream, and at the same time receives one as long.
func exchange(l link, sum string, size int64) error {
	sent := make(chan error, 1)
	go func() {
		w := bufio.NewWriterSize(sender{l}, 100_000)
		_, err := io.Copy(w, ends.Stream(2, size))
		if err == nil {
			err = w.Flush()
		}
		sent <- err
	}()
	var got bytes.Buffer
	for int64(got.Len()) < size {
		message, err := l.receive()
		if err != nil {
			l.drop() // so that the sender ends
			<-sent
			return err
		}
		got.Write(message)
	}
	if err := <-sent; err != nil {
		return err
	}
	if s, _ := ends.Checksum(&got); s != sum {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// If this fails, one connection cannot carry many messages each way at once.
func TestBothWays(t *testing.T) {
	size := ends.SizeOf(5 << 20)
	sum, err := ends.Checksum(ends.Stream(2, size))
	require.NoError(t, err)
	forEachLibrary(t, func(t *testing.T, server, client library, p ends.Pair) {
		received := make(chan struct{})
		l, result := connect(t, server, client, p, false, func(l link) error {
			defer func() { <-received }()
			return exchange(l, sum, size)
		})
		err := exchange(l, sum, size)
		close(received)
		require.NoError(t, err)
		require.NoError(t, ends.Receive(t, "the server's end", result))
	})
}

// If this fails, an end that says bye is not understood, or waits forever.
func TestCloseHandshake(t *testing.T) {
	forEachLibrary(t, func(t *testing.T, server, client library, p ends.Pair) {
		l, result := connect(t, server, client, p, false, echo)
		require.NoError(t, l.bye())
		require.NoError(t, ends.Receive(t, "the server's end", result))

		l, result = connect(t, server, client, p, false, link.bye)
		require.NoError(t, echo(l))
		require.NoError(t, ends.Receive(t, "the server's end", result))
	})
}

// If this fails, an end that waits does not learn that the other is gone.
func TestDrop(t *testing.T) {
	forEachLibrary(t, func(t *testing.T, server, client library, p ends.Pair) {
		l, result := connect(t, server, client, p, false, func(l link) error {
			_, err := l.receive()
			return err
		})
		l.drop()
		err := ends.Receive(t, "the server's end", result)
		require.Error(t, err)
		assert.False(t, closedNormally(err), "%v", err)

		l, result = connect(t, server, client, p, false, func(l link) error {
			l.drop()
			return nil
		})
		require.NoError(t, ends.Receive(t, "the server's end", result))
		_, err = l.receive()
		require.Error(t, err)
		assert.False(t, closedNormally(err), "%v", err)
	})
}

// If this fails, a client waits forever for a server that accepts and does not answer.
func TestHandshakeTimeout(t *testing.T) {
	for _, client := range libraries {
		t.Run(client.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				_, address := ends.Serve(t, p.Server, func(_ http.ResponseWriter, r *http.Request) {
					<-r.Context().Done()
				})
				ctx, cancel := context.WithTimeout(t.Context(), short)
				defer cancel()
				_, err := client.dial(ctx, p.Client, address, false)
				require.True(t, timedOut(err), "%v", err)
			})
		})
	}
}
