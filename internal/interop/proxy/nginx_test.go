//go:build linux

// Package proxy tests package netpoller with programs that are not written in Go:
// nginx before a server and behind a client, and clients that make load.
package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

// short is a timeout that shall hit.
const short = 50 * time.Millisecond

// configuration is nginx's, without what it serves. Everything it writes is in a
// directory of the test's.
const configuration = `
user root;
daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log stderr;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	client_max_body_size 0;
	%[2]s
}
`

// runNginx runs nginx until the test is over and returns its address. The configuration
// is made for that address.
func runNginx(t *testing.T, serve func(address string) string) string {
	t.Helper()
	path := ends.Tool(t, "nginx")
	for range 10 {
		// Between this and the start of nginx another program may take the port.
		l, err := net.Listen("tcp", ends.Loopback+":0")
		require.NoError(t, err)
		address := l.Addr().String()
		l.Close()
		if startNginx(t, path, address, serve(address)) {
			return address
		}
	}
	t.Fatal("nginx does not start")
	return ""
}

func startNginx(t *testing.T, path, address, serve string) bool {
	dir := t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, configuration, dir, serve), 0o600))
	var stderr bytes.Buffer
	cmd := exec.Command(path, "-e", "stderr", "-p", dir, "-c", file)
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		ends.Receive(t, "nginx exits", exited)
		if t.Failed() {
			t.Logf("nginx said:\n%s", stderr.String())
		}
	})
	running := false
	ends.Eventually(t, "nginx listens or gives up", func() bool {
		select {
		case <-exited:
			t.Logf("nginx said:\n%s", stderr.String())
			return true
		default:
		}
		c, err := net.Dial("tcp", address)
		if running = err == nil; running {
			c.Close()
		}
		return running
	})
	return running
}

// before puts nginx before a server, and returns a client of it. Nginx keeps
// connections to the server and passes bodies on at once.
func before(t *testing.T, s ends.Side, h http.HandlerFunc, configure ...func(*http.Server)) (c *http.Client, url string) {
	t.Helper()
	_, upstream := ends.Serve(t, s, h, configure...)
	address := runNginx(t, func(address string) string {
		return fmt.Sprintf(`
	upstream ours { server %s; keepalive 8; }
	server {
		listen %s;
		location / {
			proxy_pass http://ours;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
			proxy_request_buffering off;
		}
	}`, upstream, address)
	})
	c, _ = ends.NewClient(t, ends.Net())
	return c, "http://" + address
}

// get returns what the server says, which must be 200.
func get(c *http.Client, url string) (string, error) {
	resp, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, b)
	}
	return string(b), err
}

// If this fails, a proxy cannot keep its connections to a server, or does not notice
// that the server has closed one.
func TestUpstreamKeepAlive(t *testing.T) {
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		from := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RemoteAddr) }
		c, url := before(t, s, from)
		want, err := get(c, url)
		require.NoError(t, err)
		for range 50 {
			got, err := get(c, url)
			require.NoError(t, err)
			require.Equal(t, want, got, "another connection to the server")
		}

		c, url = before(t, s, from, func(s *http.Server) { s.IdleTimeout = short })
		for range 3 {
			_, err := get(c, url)
			require.NoError(t, err)
			time.Sleep(3 * short) // the connection to the server is closed by then
		}

		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				for range 20 {
					_, err := get(c, url)
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
	})
}

// If this fails, a large body does not pass through a proxy.
func TestUpstreamBodies(t *testing.T) {
	size := ends.SizeOf(50 << 20)
	want, err := ends.Checksum(ends.Stream(1, size))
	require.NoError(t, err)
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		c, url := before(t, s, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "PUT" {
				got, err := ends.Checksum(r.Body)
				assert.NoError(t, err)
				io.WriteString(w, got)
				return
			}
			_, err := io.Copy(w, ends.Stream(1, size))
			assert.NoError(t, err)
		})
		resp, err := c.Get(url)
		require.NoError(t, err)
		got, err := ends.Checksum(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		assert.Equal(t, want, got)

		for _, length := range []int64{size, -1} { // -1: chunked
			r, err := http.NewRequest("PUT", url, ends.Stream(1, size))
			require.NoError(t, err)
			r.ContentLength = length
			resp, err := c.Do(r)
			require.NoError(t, err)
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			require.NoError(t, err)
			assert.Equal(t, want, string(got))
		}
	})
}

// If this fails, a server behind a proxy does not learn that the client is gone, or the
// client that the server has given up.
func TestUpstreamAborts(t *testing.T) {
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		gone := make(chan struct{}, 1)
		c, url := before(t, s, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/wait":
				http.NewResponseController(w).Flush()
				<-r.Context().Done()
				gone <- struct{}{}
			case "/endless":
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						gone <- struct{}{}
						return
					}
				}
			case "/abort":
				w.Header().Set("Content-Length", "1000000")
				w.Write(make([]byte, 100_000))
				panic(http.ErrAbortHandler)
			}
		})
		for _, path := range []string{"/wait", "/endless"} {
			ctx, cancel := context.WithCancel(t.Context())
			r, err := http.NewRequestWithContext(ctx, "GET", url+path, nil)
			require.NoError(t, err)
			resp, err := c.Do(r)
			require.NoError(t, err)
			cancel()
			resp.Body.Close()
			ends.Receive(t, "the handler of "+path+" ends", gone)
		}
		_, err := get(c, url+"/abort")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_, err = get(c, url)
		require.NoError(t, err)
	})
}

// If this fails, a client cannot use what nginx serves: large files, connections that
// nginx closes after some requests or when they are idle.
func TestNginxServes(t *testing.T) {
	size := ends.SizeOf(50 << 20)
	want, err := ends.Checksum(ends.Stream(1, size))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), ends.Bytes(1, size), 0o600))
	address := runNginx(t, func(address string) string {
		return fmt.Sprintf(`
	server {
		listen %s;
		root %s;
		sendfile on;
		keepalive_requests 10;
		keepalive_timeout 100ms;
		location /from { return 200 $remote_port; }
	}`, address, dir)
	})
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) { // here the side of the client
		c, _ := ends.NewClient(t, s)
		resp, err := c.Get("http://" + address + "/file")
		require.NoError(t, err)
		defer resp.Body.Close()
		got, err := ends.Checksum(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, want, got)

		ports := map[string]int{}
		for range 100 {
			port, err := get(c, "http://"+address+"/from")
			require.NoError(t, err)
			ports[port]++
		}
		assert.GreaterOrEqual(t, len(ports), 10)
		for range 3 {
			_, err := get(c, "http://"+address+"/from")
			require.NoError(t, err)
			time.Sleep(4 * short)
		}
	})
}
