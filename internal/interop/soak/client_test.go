//go:build linux

package soak

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// settings are what a client process is told, as JSON in this variable of its environment.
type settings struct {
	ID        string
	Addresses map[string]string
	CA        []byte
	Config    netpoller.PollerConfig
}

const clientEnv = "NETPOLLER_SOAK_CLIENT"

// clientMain is a client process: it does everything at once until its standard input
// ends, and then says how much it did.
func clientMain(s string) (code int) {
	return ends.WithoutLeaks(func() int {
		var c client
		if err := json.Unmarshal([]byte(s), &c.settings); err != nil {
			panic(err)
		}
		group := netpoller.NewPollerGroup(c.Config)
		c.dial = ends.Ours(group).Dial
		did := c.run()
		if !ends.Poll(func() bool { return ends.Idle(group.Stats()) }) {
			c.fail("the end", fmt.Errorf("left in the group: %+v", group.Stats()))
		}
		group.Close()
		json.NewEncoder(os.Stdout).Encode(did)
		return int(c.failed.Load())
	})
}

// A client has one of everything that makes connections.
type client struct {
	settings
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	failed atomic.Int32

	kept, short, secure, second *http.Client
	rpc                         *grpc.ClientConn
}

// kinds are what a client does, each in so many goroutines.
var kinds = []struct {
	name       string
	goroutines int
	once       func(c *client, data []byte) error
}{
	{"keep-alive", 4, func(c *client, data []byte) error { return c.post(c.kept, "http", data) }},
	{"short", 2, func(c *client, data []byte) error {
		time.Sleep(20 * time.Millisecond) // or the ports run out
		return c.post(c.short, "http", data)
	}},
	{"TLS", 2, func(c *client, data []byte) error { return c.post(c.secure, "https", data) }},
	{"HTTP/2", 4, func(c *client, data []byte) error { return c.post(c.second, "https", data) }},
	{"canceled", 1, (*client).cancel},
	{"gRPC call", 2, (*client).call},
	{"gRPC stream", 2, (*client).stream},
}

// run does everything until standard input ends.
func (c *client) run() (did map[string]int64) {
	c.open()
	over := make(chan struct{})
	counts := make([]atomic.Int64, len(kinds))
	var all sync.WaitGroup
	for i, k := range kinds {
		for range k.goroutines {
			all.Go(func() {
				data := make([]byte, 64<<10)
				rand.NewChaCha8([32]byte{byte(i)}).Read(data)
				for {
					select {
					case <-over:
						return
					default:
					}
					if err := k.once(c, data[:rand.IntN(len(data))]); err != nil {
						c.fail(k.name, err)
						return
					}
					counts[i].Add(1)
				}
			})
		}
	}
	io.Copy(io.Discard, os.Stdin)
	close(over)
	all.Wait()
	c.close()
	did = map[string]int64{}
	for i, k := range kinds {
		did[k.name] = counts[i].Load()
	}
	return did
}

func (c *client) fail(what string, err error) {
	c.failed.Store(1)
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
}

// timed is dial with a limit for each Read and Write.
func (c *client) timed(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return netpoller.WithTimeout(conn, ends.Patience, ends.Patience), nil
}

func (c *client) open() {
	roots := x509.NewCertPool()
	ca, err := x509.ParseCertificate(c.CA)
	if err != nil {
		panic(err)
	}
	roots.AddCert(ca)
	trust := &tls.Config{RootCAs: roots, ServerName: "example.com"}
	over := func(t *http.Transport) *http.Client { return &http.Client{Transport: t} }

	c.kept = over(&http.Transport{DialContext: c.timed, MaxIdleConnsPerHost: 4})
	c.short = over(&http.Transport{DialContext: c.dial, DisableKeepAlives: true})
	c.secure = over(&http.Transport{DialContext: c.timed, TLSClientConfig: trust.Clone()})
	c.second = over(&http.Transport{DialContext: c.dial, TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true})
	c.rpc, err = grpc.NewClient("passthrough:///"+c.Addresses["grpc"],
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return c.timed(ctx, "tcp", address)
		}))
	if err != nil {
		panic(err)
	}
}

func (c *client) close() {
	for _, h := range []*http.Client{c.kept, c.short, c.secure, c.second} {
		h.CloseIdleConnections()
	}
	c.rpc.Close()
}

// post has data echoed.
func (c *client) post(h *http.Client, scheme string, data []byte) error {
	resp, err := h.Do(c.request(context.Background(), scheme, "/", data))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return same(got, data)
}

func (c *client) request(ctx context.Context, scheme, path string, data []byte) *http.Request {
	r, err := http.NewRequestWithContext(ctx, "POST", scheme+"://"+c.Addresses[scheme]+path, bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	r.Header.Set(idHeader, c.ID)
	return r
}

// cancel gives up a request, at any moment.
func (c *client) cancel(data []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), rand.N(20*time.Millisecond))
	defer cancel()
	resp, err := c.kept.Do(c.request(ctx, "http", "/wait", data))
	if err == nil {
		resp.Body.Close()
		return errors.New("a request without an answer was answered")
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// call is a gRPC call.
func (c *client) call(data []byte) error {
	got := new(wrapperspb.BytesValue)
	ctx := metadata.AppendToOutgoingContext(context.Background(), idHeader, c.ID)
	if err := c.rpc.Invoke(ctx, "/soak.Echo/Once", wrapperspb.Bytes(data), got); err != nil {
		return err
	}
	return same(got.Value, data)
}

// stream is a gRPC stream of some messages.
func (c *client) stream(data []byte) error {
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(context.Background(), idHeader, c.ID))
	defer cancel()
	stream, err := c.rpc.NewStream(ctx, &echoService.Streams[0], "/soak.Echo/Many")
	if err != nil {
		return err
	}
	got := new(wrapperspb.BytesValue)
	for range 20 {
		if err := stream.SendMsg(wrapperspb.Bytes(data)); err != nil {
			return err
		}
		if err := stream.RecvMsg(got); err != nil {
			return err
		}
		if err := same(got.Value, data); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if err := stream.RecvMsg(got); err != io.EOF {
		return fmt.Errorf("the end of a stream: %v", err)
	}
	return nil
}

func same(got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes came back, not the %d that were sent", len(got), len(want))
	}
	return nil
}
