//go:build linux

package ends

import (
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Serve runs package http's own server until the test is over, and returns its address.
func Serve(t testing.TB, s Side, h http.HandlerFunc, configure ...func(*http.Server)) (server *http.Server, address string) {
	t.Helper()
	return ServeBy(t, s, (*http.Server).Serve, h, configure...)
}

// ServeBy is Serve with another way to run the server.
func ServeBy(t testing.TB, s Side, run func(*http.Server, net.Listener) error,
	h http.HandlerFunc, configure ...func(*http.Server)) (server *http.Server, address string) {
	t.Helper()
	server = &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	for _, c := range configure {
		c(server)
	}
	l := Listen(t, s)
	result := make(chan error, 1)
	go func() { result <- run(server, l) }()
	t.Cleanup(func() {
		server.Close()
		assert.ErrorIs(t, Receive(t, "Serve returns", result), http.ErrServerClosed)
	})
	return server, l.Addr().String()
}

// NewClient returns package http's own client on the side's dialer, and its transport.
func NewClient(t testing.TB, s Side) (*http.Client, *http.Transport) {
	tr := &http.Transport{DialContext: s.Dial, MaxIdleConnsPerHost: 100}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}, tr
}
