//go:build linux

package nats

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// bridge accepts connections of the side's, and passes on what they carry to a server
// that does not listen itself, until the test is over.
func bridge(t *testing.T, s ends.Side) (url string) {
	t.Helper()
	o := options(t)
	o.DontListen = true
	server := serve(t, o)
	l := ends.Listen(t, s)
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { l.Close() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { pass(server, c) })
		}
	})
	return "nats://" + l.Addr().String()
}

// pass copies both ways until either end is closed.
func pass(s *server.Server, c net.Conn) {
	defer c.Close()
	inside, err := s.InProcessConn()
	if err != nil {
		return
	}
	go func() {
		defer inside.Close()
		io.Copy(inside, c)
	}()
	io.Copy(c, inside)
}

// If this fails, what the server and its clients say to each other is lost or altered
// on connections that our listener has accepted.
func TestBridge(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		ctx, cancel := context.WithTimeout(t.Context(), ends.Patience)
		defer cancel()
		url := bridge(t, p.Server)
		dial := nats.SetCustomDialer(dialer(p.Client.Dial))
		from, to := connectTo(t, url, dial), connectTo(t, url, dial)
		publishAndSubscribe(t, from, to)
		request(t, from, to)
		consume(ctx, t, newStream(ctx, t, from, jetstream.MemoryStorage, 100), 0, 100)
		require.NoError(t, from.Drain())
		ends.Eventually(t, "the connection is drained", from.IsClosed)
	})
}
