//go:build linux

package interop

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a client that is not written in Go is not served.
func TestCurl(t *testing.T) {
	curl := ends.Tool(t, "curl")
	version, err := exec.Command(curl, "--version").Output()
	require.NoError(t, err)
	size := ends.SizeOf(50 << 20)
	dir := t.TempDir()
	cert := ends.NewCert(t, "server")
	ca := filepath.Join(dir, "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(block), 0o600))
	upload := filepath.Join(dir, "upload")
	content, err := io.ReadAll(ends.Stream(8, size))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(upload, content, 0o600))
	want, err := ends.Checksum(ends.Stream(8, size))
	require.NoError(t, err)

	for _, c := range []struct {
		name, flag, scheme string
		major              int
	}{
		{"HTTP 1.1", "--http1.1", "http", 1},
		{"HTTP 1.1 over TLS", "--http1.1", "https", 1},
		{"HTTP 2", "--http2", "https", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.major == 2 && !bytes.Contains(version, []byte("HTTP2")) {
				t.Skip("this curl has no HTTP/2")
			}
			ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
				handle := func(w http.ResponseWriter, r *http.Request) {
					assert.Equal(t, c.major, r.ProtoMajor)
					if r.Method == "PUT" {
						got, err := ends.Checksum(r.Body)
						assert.NoError(t, err)
						io.WriteString(w, got)
						return
					}
					io.Copy(w, ends.Stream(8, size))
				}
				var address string
				if c.scheme == "https" {
					address = serveTLS(t, s, &tls.Config{Certificates: []tls.Certificate{cert}}, handle)
				} else {
					_, address = ends.Serve(t, s, handle)
				}
				run := func(args ...string) string {
					t.Helper()
					cmd := exec.CommandContext(t.Context(), curl, append([]string{
						"--disable", "--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert", ca, c.flag}, args...)...)
					var stderr strings.Builder
					cmd.Stderr = &stderr
					out, err := cmd.Output()
					require.NoError(t, err, stderr.String())
					return string(out)
				}
				url := c.scheme + "://" + address + "/"

				// Two downloads, on one connection.
				first, second := filepath.Join(t.TempDir(), "1"), filepath.Join(t.TempDir(), "2")
				connects := run("--write-out", "%{num_connects} ", url, "-o", first, url, "-o", second)
				assert.Equal(t, "1 0 ", connects)
				for _, name := range []string{first, second} {
					f, err := os.Open(name)
					require.NoError(t, err)
					got, err := ends.Checksum(f)
					f.Close()
					require.NoError(t, err)
					assert.Equal(t, want, got)
				}
				assert.Equal(t, want, run("--upload-file", upload, url))
			})
		})
	}
}
