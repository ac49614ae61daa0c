//go:build linux

// Package grpc tests google.golang.org/grpc over package netpoller.
package grpc

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/a57b2d82/netpoller/internal/interop/clients"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

const (
	// short is a timeout that shall hit.
	short = 50 * time.Millisecond

	// largest is the size of the largest message.
	largest = 10 << 20
)

// A service is what the tests call.
type service struct {
	entered chan struct{} // a Wait has begun,
	ended   chan error    // and its context ended
}

type message = wrapperspb.BytesValue

// description is written by hand what protoc would generate. Every message is a
// sequence of bytes.
var description = grpc.ServiceDesc{
	ServiceName: "interop.Test",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		unary("Echo", func(_ *service, _ context.Context, in []byte) ([]byte, error) { return in, nil }),
		unary("Peer", func(_ *service, ctx context.Context, _ []byte) ([]byte, error) {
			p, _ := peer.FromContext(ctx)
			return []byte(p.Addr.String()), nil
		}),
		unary("Wait", func(s *service, ctx context.Context, _ []byte) ([]byte, error) {
			s.entered <- struct{}{}
			<-ctx.Done()
			s.ended <- ctx.Err()
			return nil, status.FromContextError(ctx.Err()).Err()
		}),
	},
	Streams: []grpc.StreamDesc{
		{StreamName: "Download", ServerStreams: true, Handler: download},
		{StreamName: "Upload", ClientStreams: true, Handler: upload},
		{StreamName: "Chat", ServerStreams: true, ClientStreams: true, Handler: chat},
	},
}

// unary describes a method with one message each way.
func unary(name string, call func(s *service, ctx context.Context, in []byte) ([]byte, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in message
		if err := decode(&in); err != nil {
			return nil, err
		}
		out, err := call(srv.(*service), ctx, in.Value)
		return wrapperspb.Bytes(out), err
	}}
}

// download sends a stream of the size for which it is asked.
func download(_ any, s grpc.ServerStream) error {
	var size wrapperspb.Int64Value
	if err := s.RecvMsg(&size); err != nil {
		return err
	}
	return send(s, ends.Stream(1, size.Value))
}

// upload answers with the checksum of what it receives.
func upload(_ any, s grpc.ServerStream) error {
	sum, err := ends.Checksum(&receiver{stream: s})
	if err != nil {
		return err
	}
	return s.SendMsg(wrapperspb.Bytes([]byte(sum)))
}

// chat sends back every message.
func chat(_ any, s grpc.ServerStream) error {
	for {
		var m message
		if err := s.RecvMsg(&m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.SendMsg(&m); err != nil {
			return err
		}
	}
}

// A stream is what the two ends of a call have in common.
type stream interface {
	SendMsg(m any) error
	RecvMsg(m any) error
}

// A sender sends messages.
type sender struct{ stream }

func (s sender) Write(p []byte) (int, error) {
	return len(p), s.SendMsg(wrapperspb.Bytes(bytes.Clone(p)))
}

// send sends all of r in messages of a megabyte.
func send(s stream, r io.Reader) error {
	w := bufio.NewWriterSize(sender{s}, 1<<20)
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Flush()
}

// A receiver reads messages as if there were no boundaries between them.
type receiver struct {
	stream
	rest []byte
}

func (r *receiver) Read(p []byte) (n int, err error) {
	for len(r.rest) == 0 {
		var m message
		if err := r.RecvMsg(&m); err != nil {
			return 0, err
		}
		r.rest = m.Value
	}
	n = copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// serve runs a server until the test is over.
func serve(t testing.TB, s ends.Side, options ...grpc.ServerOption) (*service, *grpc.Server, string) {
	t.Helper()
	return serveOn(t, ends.Listen(t, s), options...)
}

func serveOn(t testing.TB, l net.Listener, options ...grpc.ServerOption) (*service, *grpc.Server, string) {
	server := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(2*largest))...)
	s := &service{entered: make(chan struct{}, 100), ended: make(chan error, 100)}
	server.RegisterService(&description, s)
	result := make(chan error, 1)
	go func() { result <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		assert.NoError(t, ends.Receive(t, "Serve returns", result))
	})
	return s, server, l.Addr().String()
}

// dial returns a client of the server at address.
func dial(t testing.TB, s ends.Side, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	options = append([]grpc.DialOption{
		clients.GRPC(s.Dial),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the last one counts
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(2 * largest)),
	}, options...)
	c, err := grpc.NewClient("passthrough:///"+address, options...)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// call calls a method with one message each way.
func call(ctx context.Context, c *grpc.ClientConn, method string, in []byte) ([]byte, error) {
	var out message
	err := c.Invoke(ctx, "/interop.Test/"+method, wrapperspb.Bytes(in), &out)
	return out.Value, err
}

// open begins a call with many messages.
func open(ctx context.Context, t testing.TB, c *grpc.ClientConn, method string) grpc.ClientStream {
	t.Helper()
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/interop.Test/"+method)
	require.NoError(t, err)
	return s
}

// echo sends a message to Chat and checks that it comes back.
func echo(s grpc.ClientStream, want []byte) error {
	if err := s.SendMsg(wrapperspb.Bytes(want)); err != nil {
		return err
	}
	var got message
	if err := s.RecvMsg(&got); err != nil {
		return err
	}
	if !bytes.Equal(want, got.Value) {
		return io.ErrShortBuffer
	}
	return nil
}
