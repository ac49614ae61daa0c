//go:build linux

package interop

import (
	"bufio"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// slowly serves a body whose second half comes as late as the path says.
func slowly(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	io.WriteString(w, "slow ")
	http.NewResponseController(w).Flush()
	if d, err := time.ParseDuration(r.URL.Path[1:]); err == nil {
		time.Sleep(d)
		io.WriteString(w, "body")
	}
}

// If this fails, a transport waits forever for a handshake that does not come, or
// leaves the connection behind, or ends one that came.
func TestTLSHandshakeTimeout(t *testing.T) {
	cert := ends.NewCert(t, "server")
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		c, tr := ends.NewClient(t, p.Client)
		tr.TLSHandshakeTimeout = short
		address, accepted := mute(t, p.Server)
		_, err := c.Get("https://" + address)
		require.Error(t, err)
		require.Equal(t, failure{"", true, `Get "https://HOST": net/http: TLS handshake timeout`}, failureOf(err))
		left(t, ends.Receive(t, "a connection", accepted))

		// One that is in time is limited no longer.
		address = serveTLS(t, p.Server, &tls.Config{Certificates: []tls.Certificate{cert}}, slowly)
		untilLongEnough(t, func(d time.Duration) bool {
			c, tr := ends.NewClient(t, p.Client)
			defer tr.CloseIdleConnections()
			tr.TLSHandshakeTimeout = d
			tr.TLSClientConfig = &tls.Config{RootCAs: ends.Trust(cert)}
			resp, err := c.Get("https://" + address + "/" + (2 * d).String())
			if err == nil {
				require.Equal(t, "slow body", body(t, resp))
			}
			return err == nil
		})
	})
}

// If this fails, a transport waits forever for a response, or leaves the connection
// behind, or counts the time in which it writes the request or reads the body.
func TestResponseHeaderTimeout(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		c, tr := ends.NewClient(t, p.Client)
		tr.ResponseHeaderTimeout = short
		address, accepted := mute(t, p.Server)
		_, err := c.Get("http://" + address)
		require.Error(t, err)
		const text = `Get "http://HOST": net/http: timeout awaiting response headers`
		require.Equal(t, failure{"context.DeadlineExceeded", true, text}, failureOf(err))
		left(t, ends.Receive(t, "a connection", accepted))

		_, address = ends.Serve(t, p.Server, slowly)
		untilLongEnough(t, func(d time.Duration) bool {
			tr.ResponseHeaderTimeout = d
			slow := readerFunc(func([]byte) (int, error) { time.Sleep(2 * d); return 0, io.EOF })
			resp, err := c.Post("http://"+address+"/"+(2*d).String(), "", slow)
			if err == nil {
				require.Equal(t, "slow body", body(t, resp))
			}
			return err == nil
		})
	})
}

// If this fails, a client that asks before it sends a body waits forever for an answer.
func TestExpectContinueTimeout(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		address, accepted := mute(t, p.Server)
		c, tr := ends.NewClient(t, p.Client)
		tr.ExpectContinueTimeout = short
		r, err := http.NewRequest("PUT", "http://"+address, strings.NewReader("body"))
		require.NoError(t, err)
		r.Header.Set("Expect", "100-continue")
		result := make(chan error, 1)
		go func() {
			resp, err := c.Do(r)
			if err == nil {
				resp.Body.Close()
			}
			result <- err
		}()

		// The server does not say that the client may go on. It goes on all the same.
		conn := ends.Receive(t, "a connection", accepted)
		defer conn.Close()
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(ends.Patience)))
		got, err := http.ReadRequest(bufio.NewReader(conn))
		require.NoError(t, err)
		require.Equal(t, "100-continue", got.Header.Get("Expect"))
		text, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.Equal(t, "body", string(text))
		_, err = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		require.NoError(t, err)
		require.NoError(t, ends.Receive(t, "the request ends", result))
	})
}
