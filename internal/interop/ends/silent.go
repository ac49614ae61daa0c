//go:build linux

package ends

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/http2"
)

// SilentServer plays a server of HTTP/2 that greets, and then answers nothing: not even
// a ping. The client must send one, and then give up the connection.
func SilentServer(t testing.TB, c net.Conn) {
	t.Helper()
	assert.NoError(t, c.SetReadDeadline(time.Now().Add(Patience)))
	_, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
	assert.NoError(t, err)
	silent(t, c)
}

// SilentClient plays such a client.
func SilentClient(t testing.TB, c net.Conn) {
	t.Helper()
	assert.NoError(t, c.SetReadDeadline(time.Now().Add(Patience)))
	_, err := io.WriteString(c, http2.ClientPreface)
	assert.NoError(t, err)
	silent(t, c)
}

func silent(t testing.TB, c net.Conn) {
	t.Helper()
	framer := http2.NewFramer(c, c)
	assert.NoError(t, framer.WriteSettings())
	assert.NoError(t, framer.WriteSettingsAck())
	pinged := false
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it was not given up")
			assert.True(t, pinged, "it was given up without a ping: %v", err)
			return
		}
		if ping, ok := frame.(*http2.PingFrame); ok && !ping.IsAck() {
			pinged = true
		}
	}
}
