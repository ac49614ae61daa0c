//go:build linux

package interop

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a server cannot wait below TLS: on the connection that it gave to
// package tls, without a goroutine, or until a context is done, which a tls.Conn survives
// then because it does not learn of it.
func TestWaitingBelowTLS(t *testing.T) {
	cert := ends.NewCert(t, "server")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
				l := ends.Listen(t, ends.Ours(g))
				dialed := make(chan *tls.Conn, 1)
				go func() {
					c, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						t.Error(err)
						return
					}
					dialed <- tls.Client(c, &tls.Config{RootCAs: ends.Trust(cert), ServerName: ends.Loopback, MaxVersion: version})
				}()
				accepted, err := l.Accept()
				require.NoError(t, err)
				raw := accepted.(*netpoller.TCPConn)
				defer raw.Close()
				client := ends.Receive(t, "the client", dialed)
				defer client.Close()
				go client.Handshake()
				server := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{cert}})
				require.NoError(t, server.Handshake())

				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				for i := range 3 {
					require.ErrorIs(t, raw.WaitReadable(ctx), context.Canceled)
					told := make(chan struct{})
					raw.NotifyReadable(func() { close(told) })
					_, err = fmt.Fprint(client, "message ", i)
					require.NoError(t, err)
					ends.Receive(t, "the notification", told)
					require.NoError(t, raw.WaitReadable(t.Context()))
					b := make([]byte, len("message 0"))
					_, err = io.ReadFull(server, b)
					require.NoError(t, err)
					require.Equal(t, fmt.Sprint("message ", i), string(b))
				}
			})
		})
	}
}
