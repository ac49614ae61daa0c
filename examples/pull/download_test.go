package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// If this fails, bytes land in the wrong place of a layer: a whole answer is appended to
// what we have, or a part that begins elsewhere is taken for ours.
func TestFirstByte(t *testing.T) {
	for _, test := range []struct {
		code       int
		rang       string
		have, size int64
		want       int64
		err        string
		final      bool
	}{
		{code: 200, have: 0, size: 10, want: 0},
		{code: 200, have: 4, size: 10, want: 0}, // does not know Range
		{code: 206, rang: "bytes 4-9/10", have: 4, size: 10, want: 4},
		{code: 206, rang: "bytes 9-9/10", have: 9, size: 10, want: 9},
		{code: 206, rang: "bytes 3-9/10", have: 4, size: 10, err: "3-9/10", final: true},
		{code: 206, rang: "bytes 4-8/10", have: 4, size: 10, err: "4-8/10", final: true},
		{code: 206, rang: "bytes 4-9/11", have: 4, size: 10, err: "4-9/11", final: true},
		{code: 206, have: 4, size: 10, err: `""`, final: true},
		{code: 404, have: 4, size: 10, err: "404", final: true},
		{code: 416, have: 4, size: 10, err: "416", final: true},
		{code: 204, have: 0, size: 10, err: "204", final: true},
		{code: 408, have: 4, size: 10, err: "408"},
		{code: 429, have: 4, size: 10, err: "429"},
		{code: 503, have: 4, size: 10, err: "503"},
	} {
		t.Run(fmt.Sprint(test.code, " ", test.rang), func(t *testing.T) {
			resp := &http.Response{StatusCode: test.code, Status: fmt.Sprint(test.code), Header: http.Header{}}
			if test.rang != "" {
				resp.Header.Set("Content-Range", test.rang)
			}
			first, err := firstByte(resp, test.have, test.size)
			if test.err == "" {
				require.NoError(t, err)
				require.Equal(t, test.want, first)
				return
			}
			require.ErrorContains(t, err, test.err)
			final := hopeless{}
			require.Equal(t, test.final, errors.As(err, &final))
		})
	}
}

// If this fails, a manifest can make us write outside of the directory, or wait for a
// digest that nothing can have.
func TestManifestIsNotTrusted(t *testing.T) {
	dir := t.TempDir()
	good := strings.Repeat("ab", 32)
	for _, l := range []layer{
		{"sha256:../../" + good, 1},
		{"sha256:" + good[2:], 1},
		{"sha256:", 1},
		{"", 1},
		{"sha256:" + good, -1},
	} {
		_, err := newDownload(l, dir, func(int64) {})
		require.ErrorContains(t, err, "manifest", "%v", l)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// fetched pulls a layer from a server that has nothing but a handler for it.
func fetched(t *testing.T, blob http.HandlerFunc, l layer) (d *download, dir string, err error) {
	t.Helper()
	server := httptest.NewServer(blob)
	t.Cleanup(server.Close)
	dir = t.TempDir()
	c := newClient(server.URL, dir, time.Minute)
	c.backoff = brief
	t.Cleanup(c.http.CloseIdleConnections)
	d, err = newDownload(l, dir, func(int64) {})
	require.NoError(t, err)
	return d, dir, c.layer(context.Background(), d, silent)
}

// half sends half of what it should and breaks off.
func half(w http.ResponseWriter, blob []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(len(blob)))
	w.Write(blob[:len(blob)/2])
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// If this fails, a layer from a server that does not know ranges is put together wrongly,
// or one that always breaks off keeps us forever.
func TestServerWithoutRanges(t *testing.T) {
	blob := bytes.Repeat([]byte("layer"), 1000)
	l := layer{digest(blob), int64(len(blob))}
	var n atomic.Int32
	d, dir, err := fetched(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) <= 3 {
			half(w, blob)
		}
		w.Write(blob)
	}, l)
	require.NoError(t, err)
	require.EqualValues(t, 4, d.attempts)
	require.Zero(t, d.resumed)
	require.Equal(t, map[string]string{l.Digest[7:]: string(blob)}, files(t, dir))

	d, dir, err = fetched(t, func(w http.ResponseWriter, r *http.Request) { half(w, blob) }, l)
	require.Error(t, err)
	require.Equal(t, patience, d.attempts, "only the first brought something new")
	require.Empty(t, files(t, dir))
}

// If this fails, a server fills our disk, or a body without a length that ends early is
// taken for the whole.
func TestBodiesOfAnotherSize(t *testing.T) {
	blob := bytes.Repeat([]byte("layer"), 1000)
	l := layer{digest(blob), int64(len(blob))}
	_, dir, err := fetched(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(append(blob[:len(blob):len(blob)], "and more"...))
	}, l)
	require.NoError(t, err)
	require.Equal(t, map[string]string{l.Digest[7:]: string(blob)}, files(t, dir))

	var ranges atomic.Value
	d, dir, err := fetched(t, func(w http.ResponseWriter, r *http.Request) {
		if ranges.Store(r.Header.Get("Range")); r.Header.Get("Range") != "" {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob))
			return
		}
		w.Write(blob[:10])
		http.NewResponseController(w).Flush() // the length is not known any more
	}, l)
	require.NoError(t, err)
	require.Equal(t, 2, d.attempts)
	require.EqualValues(t, 10, d.resumed)
	require.Equal(t, "bytes=10-", ranges.Load())
	require.Equal(t, map[string]string{l.Digest[7:]: string(blob)}, files(t, dir))
}

// If this fails, we ask a server again and again for what it has not.
func TestMissingLayer(t *testing.T) {
	d, dir, err := fetched(t, http.NotFound, layer{digest(nil), 5})
	require.ErrorContains(t, err, "404")
	require.Equal(t, 1, d.attempts)
	require.Empty(t, files(t, dir))
}
