//go:build linux

package nats

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a client does not notice that the server is gone, or does not come
// back to it with all its subscriptions, and what it had to say meanwhile.
func TestReconnect(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
		server := serve(t, n.options)
		lost, back := make(chan struct{}, 1), make(chan struct{}, 1)
		c := connect(t, server, n, nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond),
			nats.DisconnectErrHandler(func(*nats.Conn, error) { lost <- struct{}{} }),
			nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} }))
		news, err := c.SubscribeSync("news")
		require.NoError(t, err)
		for round := range 2 {
			stop(server)
			ends.Receive(t, "the client has noticed", lost)
			require.NoError(t, c.Publish("news", fmt.Append(nil, round)))
			server = serve(t, n.options)
			ends.Receive(t, "the client is back", back)
			m, err := news.NextMsg(ends.Patience)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(round), string(m.Data))
		}
	})
}

// If this fails, a client goes on with a server that has fallen silent: its timer does
// not end the Read.
func TestPingTimeout(t *testing.T) {
	ends.ForEachClient(t, func(t *testing.T, s ends.Side) {
		l := ends.Listen(t, ends.Net())
		silent := make(chan error, 1)
		go func() { silent <- fallSilent(l.Accept()) }()
		lost := make(chan error, 1)
		c := connectTo(t, "nats://"+l.Addr().String(), nats.SetCustomDialer(dialer(s.Dial)), nats.NoReconnect(),
			nats.PingInterval(20*time.Millisecond), nats.MaxPingsOutstanding(2),
			nats.ClosedHandler(func(c *nats.Conn) { lost <- c.LastError() }))
		require.ErrorIs(t, ends.Receive(t, "the client gives up", lost), nats.ErrStaleConnection)
		assert.True(t, c.IsClosed())
		require.NoError(t, ends.Receive(t, "the connection ends", silent))
	})
}

// fallSilent is a server that greets, answers the first ping and nothing else. It
// returns when the client has closed the connection.
func fallSilent(c io.ReadWriteCloser, err error) error {
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintf(c, "INFO {\"server_id\":\"silent\",\"version\":\"2.10.0\",\"proto\":1,\"max_payload\":1024}\r\n")
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "PING") {
			break
		}
	}
	fmt.Fprintf(c, "PONG\r\n")
	_, err = io.Copy(io.Discard, r)
	return err
}
