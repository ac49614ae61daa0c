package conn_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// io.Copy must move every byte and count it, whatever is at the other end: memory, a
// file, part of one, another connection of ours or of package net's.
func TestCopyToConn(t *testing.T) {
	data := make([]byte, 1<<20+123)
	rand.Read(data)
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, data, 0o600))

	sources := map[string]func(t *testing.T) (io.Reader, []byte){
		"memory":    func(*testing.T) (io.Reader, []byte) { return bytes.NewReader(data), data },
		"no writer": func(*testing.T) (io.Reader, []byte) { return struct{ io.Reader }{bytes.NewReader(data)}, data },
		"nothing":   func(*testing.T) (io.Reader, []byte) { return strings.NewReader(""), nil },
		"file":      func(t *testing.T) (io.Reader, []byte) { return open(t, name), data },
		"part of a file": func(t *testing.T) (io.Reader, []byte) {
			return io.LimitReader(open(t, name), 1000), data[:1000]
		},
		"rest of a file": func(t *testing.T) (io.Reader, []byte) {
			f := open(t, name)
			_, err := f.Seek(1<<20, io.SeekStart)
			require.NoError(t, err)
			return f, data[1<<20:]
		},
		"our connection": func(t *testing.T) (io.Reader, []byte) {
			c, peer := pair(t)
			go func() { peer.Write(data); peer.Close() }()
			return c, data
		},
		"their connection": func(t *testing.T) (io.Reader, []byte) {
			peer, c := mixed(t)
			go func() { peer.Write(data); peer.Close() }()
			return c, data
		},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			received := make(chan []byte)
			go func() {
				all, err := io.ReadAll(b)
				assert.NoError(t, err)
				received <- all
			}()
			r, want := source(t)
			n, err := io.Copy(a, r)
			require.NoError(t, err)
			require.EqualValues(t, len(want), n)
			require.NoError(t, a.CloseWrite())
			require.True(t, bytes.Equal(want, <-received))
		})
	}
}

func open(t *testing.T, name string) *os.File {
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// The same from a connection.
func TestCopyFromConn(t *testing.T) {
	data := make([]byte, 1<<20+123)
	rand.Read(data)
	sinks := map[string]func(t *testing.T) (w io.Writer, result func() []byte){
		"memory": func(*testing.T) (io.Writer, func() []byte) {
			var b bytes.Buffer
			return &b, b.Bytes
		},
		"no reader": func(*testing.T) (io.Writer, func() []byte) {
			var b bytes.Buffer
			return struct{ io.Writer }{&b}, b.Bytes
		},
		"file": func(t *testing.T) (io.Writer, func() []byte) {
			f, err := os.Create(filepath.Join(t.TempDir(), "data"))
			require.NoError(t, err)
			return f, func() []byte {
				require.NoError(t, f.Close())
				b, err := os.ReadFile(f.Name())
				require.NoError(t, err)
				return b
			}
		},
		"our connection":   func(t *testing.T) (io.Writer, func() []byte) { c, peer := pair(t); return c, drain(t, c, peer) },
		"their connection": func(t *testing.T) (io.Writer, func() []byte) { peer, c := mixed(t); return c, drain(t, c, peer) },
	}
	for name, sink := range sinks {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			go func() { b.Write(data); b.Close() }()
			w, result := sink(t)
			n, err := io.Copy(w, a)
			require.NoError(t, err)
			require.EqualValues(t, len(data), n)
			require.True(t, bytes.Equal(data, result()))
		})
	}
}

// drain reads peer until c is closed for writing.
func drain(t *testing.T, c interface{ CloseWrite() error }, peer net.Conn) func() []byte {
	received := make(chan []byte)
	go func() {
		all, err := io.ReadAll(peer)
		assert.NoError(t, err)
		received <- all
	}()
	return func() []byte {
		require.NoError(t, c.CloseWrite())
		return <-received
	}
}

// A proxy is two copies at once on each of two connections: nothing may be lost when
// both directions are busy.
func TestProxy(t *testing.T) {
	client, front := pair(t)
	back, server := mixed(t)
	go func() { io.Copy(back, front); back.CloseWrite() }()
	go func() { io.Copy(front, back); front.CloseWrite() }()
	go func() { io.Copy(server, server); server.CloseWrite() }()
	data := make([]byte, 2<<20)
	rand.Read(data)
	go func() { client.Write(data); client.CloseWrite() }()
	echoed, err := io.ReadAll(client)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, echoed))
}

// net.Buffers must be written whole and in order.
func TestBuffers(t *testing.T) {
	a, b := pair(t)
	var want []byte
	var buffers net.Buffers
	for i := range 3000 {
		piece := bytes.Repeat([]byte{byte(i)}, i%100)
		buffers = append(buffers, piece)
		want = append(want, piece...)
	}
	received := drain(t, a, b)
	n, err := buffers.WriteTo(a)
	require.NoError(t, err)
	require.EqualValues(t, len(want), n)
	require.True(t, bytes.Equal(want, received()))
}
