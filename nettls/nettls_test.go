package nettls_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/nettls"
)

// within returns what a channel has, before long.
func within(t *testing.T, c chan error) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(nettest.Patience):
		t.Fatal("the connection is open")
		return nil
	}
}

// options are those of a dialer, which both packages have.
type options struct {
	timeout  time.Duration
	deadline time.Time
}

// An implementation is crypto/tls or nettls.
type implementation struct {
	listen         func(network, laddr string, config *tls.Config) (net.Listener, error)
	dial           func(network, addr string, config *tls.Config) (*tls.Conn, error)
	dialWithDialer func(o options, network, addr string, config *tls.Config) (*tls.Conn, error)
	dialer         func(o *options, config *tls.Config) dialer
}

type dialer interface {
	Dial(network, addr string) (net.Conn, error)
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

var theirs = implementation{
	listen: tls.Listen,
	dial:   tls.Dial,
	dialWithDialer: func(o options, network, addr string, config *tls.Config) (*tls.Conn, error) {
		return tls.DialWithDialer(&net.Dialer{Timeout: o.timeout, Deadline: o.deadline}, network, addr, config)
	},
	dialer: func(o *options, config *tls.Config) dialer {
		d := &tls.Dialer{Config: config}
		if o != nil {
			d.NetDialer = &net.Dialer{Timeout: o.timeout, Deadline: o.deadline}
		}
		return d
	},
}

var ours = implementation{
	listen: nettls.Listen,
	dial:   nettls.Dial,
	dialWithDialer: func(o options, network, addr string, config *tls.Config) (*tls.Conn, error) {
		return nettls.DialWithDialer(&netpoller.Dialer{Timeout: o.timeout, Deadline: o.deadline}, network, addr, config)
	},
	dialer: func(o *options, config *tls.Config) dialer {
		d := &nettls.Dialer{Config: config}
		if o != nil {
			d.NetDialer = &netpoller.Dialer{Timeout: o.timeout, Deadline: o.deadline}
		}
		return d
	},
}

// configs returns the configuration of a server for 127.0.0.1, ::1 and example.com, and that
// of a client that trusts it.
func configs(t *testing.T) (server, client *tls.Config) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

// serve accepts connections of l until it is closed: it greets those that shake hands.
func serve(t *testing.T, l net.Listener) string {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.WriteString(c, "hello")
				c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// silent returns the address of a server that accepts and says nothing, and a channel with an
// error or nil for each connection that its client closes.
func silent(t *testing.T) (addr string, ended chan error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	ended = make(chan error, 2*5)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, err := io.Copy(io.Discard, c)
				ended <- err
				c.Close()
			}()
		}
	}()
	return l.Addr().String(), ended
}

// outcome is what a caller can tell of a connection or an error.
func outcome(c net.Conn, err error) string {
	if err != nil {
		var timeout net.Error
		return fmt.Sprintf("nil %v, %T %s, timeout %v, deadline %v, canceled %v", c == nil, err, ports.ReplaceAllString(err.Error(), "$1"),
			errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled))
	}
	defer c.Close()
	got, err := io.ReadAll(c)
	return fmt.Sprintf("%T, server name %q, %q, %v", c, c.(*tls.Conn).ConnectionState().ServerName, got, err)
}

// ports are those of addresses, which differ from one dial to the next.
var ports = regexp.MustCompile(`((?:127\.0\.0\.1|\[::1\])):[0-9]+`)

// briefly is a limit in which a busy machine connects too, so that the handshake runs into it.
const briefly = 500 * time.Millisecond

// If this fails, a function here ends differently from that of crypto/tls.
func TestDialsAsTLS(t *testing.T) {
	server, client := configs(t)
	l, err := ours.listen("tcp", "127.0.0.1:0", server)
	require.NoError(t, err)
	addr := serve(t, l)
	quiet, ended := silent(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	named := client.Clone()
	named.ServerName = "example.com"
	other := client.Clone()
	other.ServerName = "example.org"
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	soon := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), briefly)
	}
	of := func(c *tls.Conn, err error) string { // a nil *tls.Conn is no nil net.Conn
		if c == nil {
			return outcome(nil, err)
		}
		return outcome(c, err)
	}
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	for name, steps := range map[string]func(implementation) string{
		"Dial":              func(i implementation) string { return of(i.dial("tcp", addr, client)) },
		"a name":            func(i implementation) string { return of(i.dial("tcp", addr, named)) },
		"a wrong name":      func(i implementation) string { return of(i.dial("tcp", addr, other)) },
		"no config":         func(i implementation) string { return of(i.dial("tcp", addr, nil)) },
		"refused":           func(i implementation) string { return of(i.dial("tcp", closed.Addr().String(), client)) },
		"a host by name":    func(i implementation) string { return of(i.dial("tcp", "localhost:"+port, client)) },
		"brackets":          func(i implementation) string { return of(i.dial("tcp", "[127.0.0.1]:"+port, client)) },
		"no port":           func(i implementation) string { return of(i.dial("tcp", "127.0.0.1", client)) },
		"no network":        func(i implementation) string { return of(i.dial("none", addr, client)) },
		"dialer":            func(i implementation) string { return of(i.dialWithDialer(options{}, "tcp", addr, client)) },
		"Dialer":            func(i implementation) string { return outcome(i.dialer(nil, client).Dial("tcp", addr)) },
		"Dialer, a dialer":  func(i implementation) string { return outcome(i.dialer(&options{}, client).Dial("tcp", addr)) },
		"Dialer, no config": func(i implementation) string { return outcome(i.dialer(nil, nil).Dial("tcp", addr)) },
		"Dialer, refused":   func(i implementation) string { return outcome(i.dialer(nil, nil).Dial("tcp", closed.Addr().String())) },
		"canceled":          func(i implementation) string { return outcome(i.dialer(nil, nil).DialContext(canceled, "tcp", addr)) },
		"Timeout, handshake": func(i implementation) string {
			return of(i.dialWithDialer(options{timeout: briefly}, "tcp", quiet, client))
		},
		"Deadline, handshake": func(i implementation) string {
			return of(i.dialWithDialer(options{deadline: time.Now().Add(briefly)}, "tcp", quiet, client))
		},
		"a deadline in the past": func(i implementation) string {
			return of(i.dialWithDialer(options{deadline: time.Now().Add(-time.Second)}, "tcp", addr, client))
		},
		"context, handshake": func(i implementation) string {
			ctx, cancel := soon()
			defer cancel()
			return outcome(i.dialer(nil, client).DialContext(ctx, "tcp", quiet))
		},
		"Dialer, Timeout": func(i implementation) string {
			return outcome(i.dialer(&options{timeout: briefly}, client).Dial("tcp", quiet))
		},
		"a later Timeout": func(i implementation) string {
			ctx, cancel := soon()
			defer cancel()
			return outcome(i.dialer(&options{timeout: time.Hour}, client).DialContext(ctx, "tcp", quiet))
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := steps(theirs)
			require.Equal(t, want, steps(ours))
			t.Log(want)
		})
	}
	require.Empty(t, client.ServerName, "the config that was passed is as before")
	for range 2 * 5 { // by both, in the five steps that wait for the server
		require.NoError(t, within(t, ended))
	}
}

// If this fails, a connection stays open when the client refuses the server's certificate.
func TestRefusedIsClosed(t *testing.T) {
	server, _ := configs(t)
	for name, i := range map[string]implementation{"crypto/tls": theirs, "nettls": ours} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			ended := make(chan error, 1)
			go func() {
				c, err := l.Accept()
				if err == nil {
					defer c.Close()
					tls.Server(c, server).Handshake() // which fails
					_, err = io.Copy(io.Discard, c)
				}
				ended <- err
			}()
			_, err = i.dial("tcp", l.Addr().String(), nil)
			require.Error(t, err)
			require.NoError(t, within(t, ended))
		})
	}
}

// If this fails, Listen takes another config than tls.Listen, or refuses it in other words.
func TestListensAsTLS(t *testing.T) {
	server, client := configs(t)
	certificate := server.Certificates[0]
	for name, config := range map[string]*tls.Config{
		"nil":                nil,
		"no certificate":     {},
		"certificates":       server,
		"GetCertificate":     {GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil }},
		"GetConfigForClient": {GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return server, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			outcome := func(i implementation) string {
				l, err := i.listen("tcp", "127.0.0.1:0", config)
				if err != nil {
					return fmt.Sprint(l, err)
				}
				return fmt.Sprintf("%T ", l) + outcome(theirs.dialer(nil, client).Dial("tcp", serve(t, l)))
			}
			require.Equal(t, outcome(theirs), outcome(ours))
		})
	}
	_, theirErr := theirs.listen("tcp", "127.0.0.1:none", server)
	_, ourErr := ours.listen("tcp", "127.0.0.1:none", server)
	require.Error(t, theirErr)
	require.EqualError(t, ourErr, theirErr.Error())
}

// If this fails, the sockets are package net's, and the package is for nothing.
func TestSocketsAreOurs(t *testing.T) {
	server, client := configs(t)
	l, err := nettls.Listen("tcp", "127.0.0.1:0", server)
	require.NoError(t, err)
	c, err := nettls.Dial("tcp", serve(t, l), client)
	require.NoError(t, err)
	defer c.Close()
	require.IsType(t, (*netpoller.TCPConn)(nil), c.NetConn())
}
