package netpoller_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	net "github.com/a57b2d82/netpoller"
)

// If this fails, the client that README.md and the page of this package show loses HTTP/2, the
// proxy or a timeout of net/http, or does not use this library.
func TestClientOfTheReadme(t *testing.T) {
	const shown = `	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
`
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), shown)

	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	client := &http.Client{Transport: transport}

	usual := http.DefaultTransport.(*http.Transport)
	require.NotNil(t, transport.Proxy)
	require.Equal(t, usual.IdleConnTimeout, transport.IdleConnTimeout)
	require.Equal(t, usual.TLSHandshakeTimeout, transport.TLSHandshakeTimeout)
	require.Equal(t, usual.ExpectContinueTimeout, transport.ExpectContinueTimeout)

	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	trusted := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport.TLSClientConfig = &tls.Config{RootCAs: trusted}
	require.Equal(t, "HTTP/2.0", protocol(t, client, server.URL))

	made := &http.Transport{DialContext: transport.DialContext, TLSClientConfig: &tls.Config{RootCAs: trusted}}
	require.Equal(t, "HTTP/1.1", protocol(t, &http.Client{Transport: made}, server.URL), "what a Transport made from nothing loses")
}

// protocol returns that of a response, which came over a connection of this library.
func protocol(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	defer client.CloseIdleConnections()
	request, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		require.IsType(t, &net.TCPConn{}, info.Conn.(*tls.Conn).NetConn())
	}}
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	require.NoError(t, err)
	response.Body.Close()
	return response.Proto
}
