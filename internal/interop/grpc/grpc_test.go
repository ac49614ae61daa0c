//go:build linux

package grpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// forEachSecurity runs body over TCP and over TLS.
func forEachSecurity(t *testing.T, body func(t *testing.T, server []grpc.ServerOption, client []grpc.DialOption)) {
	t.Run("plain", func(t *testing.T) { body(t, nil, nil) })
	t.Run("tls", func(t *testing.T) {
		cert := ends.NewCert(t, "server")
		body(t, []grpc.ServerOption{grpc.Creds(credentials.NewServerTLSFromCert(&cert))},
			[]grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ends.Trust(cert)}))})
	})
}

// If this fails, calls with one message each way do not work, one after another or many
// at once, with large messages or small.
func TestUnary(t *testing.T) {
	forEachSecurity(t, func(t *testing.T, server []grpc.ServerOption, client []grpc.DialOption) {
		ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
			_, _, address := serve(t, p.Server, server...)
			c := dial(t, p.Client, address, client...)
			for _, size := range []int64{0, 1, 1000, 65536, ends.SizeOf(largest)} {
				want := ends.Bytes(1, size)
				got, err := call(t.Context(), c, "Echo", want)
				require.NoError(t, err)
				require.True(t, string(want) == string(got), "%d bytes", size)
			}
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() {
					want := fmt.Sprint("call ", i)
					got, err := call(t.Context(), c, "Echo", []byte(want))
					assert.NoError(t, err)
					assert.Equal(t, want, string(got))
				})
			}
			all.Wait()
		})
	})
}

// If this fails, a long stream of messages arrives incomplete or altered.
func TestStreaming(t *testing.T) {
	size := ends.SizeOf(20 << 20)
	want, err := ends.Checksum(ends.Stream(1, size))
	require.NoError(t, err)
	forEachSecurity(t, func(t *testing.T, server []grpc.ServerOption, client []grpc.DialOption) {
		ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
			_, _, address := serve(t, p.Server, server...)
			c := dial(t, p.Client, address, client...)

			s := open(t.Context(), t, c, "Download")
			require.NoError(t, s.SendMsg(wrapperspb.Int64(size)))
			require.NoError(t, s.CloseSend())
			got, err := ends.Checksum(&receiver{stream: s})
			require.NoError(t, err)
			assert.Equal(t, want, got)

			s = open(t.Context(), t, c, "Upload")
			require.NoError(t, send(s, ends.Stream(1, size)))
			require.NoError(t, s.CloseSend())
			sum, err := io.ReadAll(&receiver{stream: s})
			require.NoError(t, err)
			assert.Equal(t, want, string(sum))

			s = open(t.Context(), t, c, "Chat")
			sent := make(chan error, 1)
			go func() {
				err := send(s, ends.Stream(1, size))
				if err == nil {
					err = s.CloseSend()
				}
				sent <- err
			}()
			got, err = ends.Checksum(&receiver{stream: s})
			require.NoError(t, err)
			assert.Equal(t, want, got)
			require.NoError(t, ends.Receive(t, "all is sent", sent))
		})
	})
}

// If this fails, streams of one connection get each other's messages, or one of them
// gets none.
func TestManyStreams(t *testing.T) {
	const streams = 60
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, _, address := serve(t, p.Server)
		c := dial(t, p.Client, address)
		var all sync.WaitGroup
		for i := range streams {
			s := open(t.Context(), t, c, "Chat")
			all.Go(func() {
				for bits := range 16 {
					if !assert.NoError(t, echo(s, ends.Bytes(byte(i), 1<<bits))) {
						return
					}
				}
				assert.NoError(t, s.CloseSend())
				assert.ErrorIs(t, s.RecvMsg(new(message)), io.EOF)
			})
		}
		all.Wait()
	})
}

// If this fails, a call that is canceled, or whose time is over, goes on at one of the
// ends, or takes the connection with it.
func TestCancel(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		s, _, address := serve(t, p.Server)
		c := dial(t, p.Client, address)
		before, err := call(t.Context(), c, "Peer", nil)
		require.NoError(t, err)

		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { _, err := call(ctx, c, "Wait", nil); result <- err }()
		ends.Receive(t, "the handler", s.entered)
		cancel()
		assert.Equal(t, codes.Canceled, status.Code(ends.Receive(t, "the call", result)))
		assert.ErrorIs(t, ends.Receive(t, "its context", s.ended), context.Canceled)

		ctx, cancel = context.WithTimeout(t.Context(), 4*short)
		defer cancel()
		_, err = call(ctx, c, "Wait", nil)
		assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
		assert.Error(t, ends.Receive(t, "the context of the late one", s.ended))

		ctx, cancel = context.WithCancel(t.Context())
		chat := open(ctx, t, c, "Chat")
		require.NoError(t, echo(chat, []byte("hello")))
		cancel()
		assert.Equal(t, codes.Canceled, status.Code(chat.RecvMsg(new(message))))

		after, err := call(t.Context(), c, "Peer", nil)
		require.NoError(t, err)
		assert.Equal(t, string(before), string(after), "another connection")
	})
}

// If this fails, GracefulStop cuts off a stream, or misses that it is over, or goes on
// accepting.
func TestGracefulStop(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, server, address := serve(t, p.Server)
		c := dial(t, p.Client, address)
		chat := open(t.Context(), t, c, "Chat")
		require.NoError(t, echo(chat, []byte("hello")))
		stopped := make(chan struct{})
		go func() { server.GracefulStop(); close(stopped) }()
		ends.Eventually(t, "the listener is closed", func() bool {
			c, err := p.Client.Dial(t.Context(), "tcp", address)
			if err == nil {
				c.Close()
			}
			return err != nil
		})
		for range 100 {
			require.NoError(t, echo(chat, []byte("still there")))
		}
		select {
		case <-stopped:
			t.Fatal("GracefulStop did not wait")
		default:
		}
		require.NoError(t, chat.CloseSend())
		require.ErrorIs(t, chat.RecvMsg(new(message)), io.EOF)
		ends.Receive(t, "GracefulStop", stopped)
	})
}

// If this fails, Stop leaves a call waiting, at one end or the other.
func TestStop(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		s, server, address := serve(t, p.Server)
		c := dial(t, p.Client, address)
		result := make(chan error, 1)
		go func() { _, err := call(t.Context(), c, "Wait", nil); result <- err }()
		ends.Receive(t, "the handler", s.entered)
		server.Stop()
		assert.Equal(t, codes.Unavailable, status.Code(ends.Receive(t, "the call", result)))
		assert.ErrorIs(t, ends.Receive(t, "its context", s.ended), context.Canceled)
	})
}
