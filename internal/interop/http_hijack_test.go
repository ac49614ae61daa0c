//go:build linux

package interop

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, Hijack cannot end the read that the server keeps pending in the
// background (it does so by a deadline in the past), or a byte that this read took is lost,
// or the connection is not as good as new afterwards.
func TestHijack(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		name string

		// head comes with the request; early is sent while the background read waits.
		head, early string
	}{
		{"nothing more", "", ""},
		{"bytes that came with the request", "buffered", ""},
		{"bytes that the background read takes", "", "early"},
		{"both", "buffered", "early"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				entered, sent, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
				_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					backgroundRead := p.ServerOurs && c.head == ""
					if backgroundRead {
						ends.Parked(t, p.Group, 2+clientReads(p), 0) // with Accept
					}
					close(entered)
					<-sent
					if backgroundRead && c.early != "" {
						ends.Parked(t, p.Group, 1+clientReads(p), 0) // it has taken a byte
					}
					conn, rw, err := http.NewResponseController(w).Hijack()
					if !assert.NoError(t, err) {
						return
					}
					defer conn.Close()
					echo(t, conn, rw)
				})

				conn := ends.Dial(t, p.Client, address)
				_, err := io.WriteString(conn, request+c.head)
				require.NoError(t, err)
				fromServer := readAll(conn)
				ends.Receive(t, "the handler", entered)
				_, err = io.WriteString(conn, c.early)
				require.NoError(t, err)
				close(sent)

				want, err := ends.Checksum(io.MultiReader(strings.NewReader(c.head+c.early), ends.Stream(4, 1<<20)))
				require.NoError(t, err)
				_, err = io.Copy(conn, ends.Stream(4, 1<<20))
				require.NoError(t, err)
				require.NoError(t, conn.(interface{ CloseWrite() error }).CloseWrite())
				assert.Equal(t, want, ends.Receive(t, "the echo", fromServer))
				ends.Receive(t, "the handler ends", done)
			})
		})
	}
}

// clientReads is how many goroutines the client keeps parked in the group when it
// reads its connection.
func clientReads(p ends.Pair) int {
	if p.ClientOurs {
		return 1
	}
	return 0
}

// echo sends back what comes, first what is buffered.
func echo(t *testing.T, conn net.Conn, rw *bufio.ReadWriter) {
	if n := rw.Reader.Buffered(); n > 0 {
		_, err := io.CopyN(rw, rw, int64(n))
		assert.NoError(t, err)
		assert.NoError(t, rw.Flush())
	}
	_, err := io.Copy(conn, conn)
	assert.NoError(t, err)
}

// readAll returns the checksum of what comes until the end.
func readAll(c net.Conn) <-chan string {
	result := make(chan string, 1)
	go func() {
		sum, err := ends.Checksum(c)
		if err != nil {
			sum = err.Error()
		}
		result <- sum
	}()
	return result
}

// If this fails, a protocol upgrade through the client does not give raw access to the
// connection on both ends.
func TestUpgrade(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "echo")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				defer conn.Close()
				// The bytes after 101 go as they are written: the reply to a line is a line.
				for {
					line, err := rw.ReadString('\n')
					if err != nil {
						return
					}
					rw.WriteString(strings.ToUpper(line))
					rw.Flush()
				}
			}
		})
		c, _ := ends.NewClient(t, p.Client)
		r, err := http.NewRequest("GET", "http://"+address, nil)
		require.NoError(t, err)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "echo")
		resp, err := c.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
		raw := resp.Body.(io.ReadWriter)
		lines := bufio.NewReader(raw)
		for range 100 {
			_, err := io.WriteString(raw, "hello\n")
			require.NoError(t, err)
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "HELLO\n", line)
		}
	})
}
