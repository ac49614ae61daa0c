//go:build linux

package soak

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// idHeader says in a request which client it is from.
const idHeader = "Soak-Client"

// A server serves HTTP, HTTPS and gRPC, all on one group.
type server struct {
	t         *testing.T
	addresses map[string]string // by "http", "https", "grpc"
	ca        []byte            // PEM
	started   int
	stops     []func()

	mu       sync.Mutex
	forgiven map[string]bool // clients that were killed
	wrong    []string
}

func newServer(t *testing.T, g *netpoller.PollerGroup) *server {
	s := &server{t: t, addresses: map[string]string{}, forgiven: map[string]bool{}}
	handler := http.HandlerFunc(s.echo)

	plain := &http.Server{Handler: handler, ErrorLog: log.New(logWriter{s}, "", 0)}
	s.serve("http", g, plain.Serve, func() error { return plain.Shutdown(context.Background()) })

	cert := httptest.NewUnstartedServer(nil) // for its certificate
	cert.StartTLS()
	cert.Close()
	s.ca = cert.Certificate().Raw
	secure := &http.Server{Handler: handler, ErrorLog: log.New(logWriter{s}, "", 0),
		TLSConfig: &tls.Config{Certificates: cert.TLS.Certificates}}
	s.serve("https", g, func(l net.Listener) error { return secure.ServeTLS(l, "", "") },
		func() error { return secure.Shutdown(context.Background()) })

	rpc := grpc.NewServer()
	rpc.RegisterService(&echoService, s)
	s.serve("grpc", g, rpc.Serve, func() error { rpc.GracefulStop(); return nil })
	return s
}

// serve runs serve on a listener of its own until stop.
func (s *server) serve(name string, g *netpoller.PollerGroup, serve func(net.Listener) error, stop func() error) {
	l, err := ends.Ours(g).Listen("tcp", ends.Loopback+":0")
	require.NoError(s.t, err)
	s.addresses[name] = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- serve(l) }()
	s.stops = append(s.stops, func() {
		assert.NoError(s.t, stop())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			assert.NoError(s.t, err)
		}
	})
}

func (s *server) stop() {
	for _, stop := range s.stops {
		stop()
	}
}

// forgive takes no error of a client's for ours from now on.
func (s *server) forgive(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgiven[id] = true
}

func (s *server) killed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.forgiven)
}

// complain notes what went wrong with a client, unless it was killed.
func (s *server) complain(id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && !s.forgiven[id] {
		s.wrong = append(s.wrong, fmt.Sprintf("client %s: %v", id, err))
	}
}

func (s *server) complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// A logWriter takes what package http has to complain about. A client that is killed, or
// gives up, while it connects, has no name yet.
type logWriter struct{ s *server }

var gone = regexp.MustCompile(`(TLS handshake error|error reading preface).*(EOF|connection reset by peer|broken pipe)`)

func (w logWriter) Write(line []byte) (int, error) {
	if !gone.Match(line) {
		w.s.complain("unknown", errors.New(strings.TrimSpace(string(line))))
	}
	return len(line), nil
}

// echo answers with what was sent. At /wait it waits until the client gives up.
func (s *server) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if r.URL.Path == "/wait" {
		<-r.Context().Done()
		return
	}
	if err == nil {
		_, err = w.Write(body)
	}
	s.complain(r.Header.Get(idHeader), err)
}

// echoService is the gRPC service: Once answers with what was sent, Many does so again
// and again. It is what protoc would have written.
var echoService = grpc.ServiceDesc{
	ServiceName: "soak.Echo",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Once", Handler: once}},
	Streams:     []grpc.StreamDesc{{StreamName: "Many", Handler: many, ServerStreams: true, ClientStreams: true}},
}

func once(s any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	m := new(wrapperspb.BytesValue)
	err := decode(m)
	s.(*server).complain(caller(ctx), err)
	return m, err
}

func many(s any, stream grpc.ServerStream) error {
	for m := new(wrapperspb.BytesValue); ; {
		err := stream.RecvMsg(m)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = stream.SendMsg(m)
		}
		if err != nil {
			s.(*server).complain(caller(stream.Context()), err)
			return err
		}
	}
}

// caller returns the id of the client that made the call.
func caller(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, idHeader), "")
}
