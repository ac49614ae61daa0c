package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every variant must echo every byte, for requests smaller than a server's buffer, just as large, and larger than the
// socket's.
func TestVariantsEcho(t *testing.T) {
	for _, v := range variants {
		for name, size := range map[string]int{"1 B": 1, "64 B": 64, "buffer": bufferSize, "1 MiB": maxSize} {
			t.Run(v.key+"/"+name, func(t *testing.T) {
				server, err := echoScenario.starter(v)(v, point{Size: size})
				require.NoError(t, err)
				c, err := newClient(server.addr, 5, echoDialogue(size))
				require.NoError(t, err)
				defer c.close()
				for range 2 { // the second run begins where the first left off
					l, err := c.run(t.Context(), 20*time.Millisecond)
					require.NoError(t, err)
					assert.GreaterOrEqual(t, l.requests, 5)
					assert.EqualValues(t, l.requests, l.latency.TotalCount())
				}
			})
		}
	}
}

// serveWrong answers each 64-byte request with what wrong makes of it.
func serveWrong(t *testing.T, wrong func([]byte) []byte) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 64)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			reply := wrong(buf[:n])
			if reply == nil {
				return
			}
			c.Write(reply)
		}
	}()
	return ln.Addr().String()
}

func TestClientNotices(t *testing.T) {
	for name, test := range map[string]struct {
		wrong func([]byte) []byte
		want  string
	}{
		"first byte changed": {func(b []byte) []byte { b[0]++; return b }, "wrong reply"},
		"last byte changed":  {func(b []byte) []byte { b[63]++; return b }, "wrong reply"},
		"byte doubled":       {func(b []byte) []byte { return append(b, b[63]) }, "wrong reply"},
		"reply to another":   {func(b []byte) []byte { b[5]++; return b }, "wrong reply"},
		"connection closed":  {func(b []byte) []byte { return nil }, "server closed the connection with 64 of 64 bytes owed"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := newClient(serveWrong(t, test.wrong), 1, echoDialogue(64))
			require.NoError(t, err)
			defer c.close()
			_, err = c.run(t.Context(), time.Second)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestClientStopsWhenTold(t *testing.T) {
	c, err := newClient(serveWrong(t, func(b []byte) []byte { time.Sleep(time.Hour); return nil }), 1, echoDialogue(64))
	require.NoError(t, err)
	defer c.close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = c.run(ctx, time.Hour)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(start), stalled)
}
