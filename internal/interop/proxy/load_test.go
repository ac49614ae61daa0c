//go:build linux

package proxy

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// load runs a program against a server and returns what the program says.
func load(t *testing.T, s ends.Side, program string, args func(url string) []string) string {
	t.Helper()
	path := ends.Tool(t, program)
	_, address := ends.Serve(t, s, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello from "+r.URL.Path+"\n")
	}, func(s *http.Server) {
		s.Protocols = new(http.Protocols)
		s.Protocols.SetHTTP1(true)
		s.Protocols.SetUnencryptedHTTP2(true)
	})
	out, err := exec.CommandContext(t.Context(), path, args("http://"+address+"/")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// number returns what the first group of a pattern matches, which must be a number.
func number(t *testing.T, pattern, in string) int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(in)
	require.NotNil(t, m, "no %s in:\n%s", pattern, in)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return n
}

// If this fails, requests of a client that sends as many as it can fail.
func TestWrk(t *testing.T) {
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		out := load(t, s, "wrk", func(url string) []string {
			return []string{"--threads", "1", "--connections", "100", "--duration", "1s", url}
		})
		assert.NotZero(t, number(t, `(\d+) requests in`, out))
		assert.NotContains(t, out, "Socket errors")
		assert.NotContains(t, out, "Non-2xx")
	})
}

// If this fails, requests of a client fail that sends many at once on each of its
// HTTP/2 connections.
func TestH2load(t *testing.T) {
	const requests = 5000
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		out := load(t, s, "h2load", func(url string) []string {
			return []string{"-n", fmt.Sprint(requests), "-c", "20", "-m", "20", url}
		})
		assert.Equal(t, requests, number(t, `(\d+) succeeded, 0 failed, 0 errored, 0 timeout`, out))
		assert.Equal(t, requests, number(t, `status codes: (\d+) 2xx, 0 3xx`, out))
	})
}

// If this fails, requests of a client fail that opens many connections at once.
func TestCurlParallel(t *testing.T) {
	const requests = 200
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		out := load(t, s, "curl", func(url string) []string {
			return []string{"--disable", "--silent", "--show-error", "--fail", "--noproxy", "*", "--http1.1",
				"--parallel", "--parallel-immediate", "--parallel-max", "50", fmt.Sprintf("%s[1-%d]", url, requests)}
		})
		for i := range requests {
			assert.True(t, strings.Contains(out, fmt.Sprintf("hello from /%d\n", i+1)), "no response to request %d", i+1)
		}
		assert.Equal(t, requests, strings.Count(out, "hello"))
	})
}
