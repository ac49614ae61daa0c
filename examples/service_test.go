package examples_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, the service that docs/service.md shows does not serve HTTP/2, does not reach other
// services, has no statistics, or loses a request when it ends.
func TestService(t *testing.T) {
	cmd := exec.Command(build(t, "service"), "-https", "127.0.0.1:0", "-admin", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	urls := regexp.MustCompile(`https?://127\.0\.0\.1:\d+`).FindAllString(line, -1)
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	begin := func(url string) *http.Response {
		response, err := client.Get(url)
		require.NoError(t, err)
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	end := func(response *http.Response) string {
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
		return string(body)
	}
	get := func(url string) string { return end(begin(url)) }
	require.Equal(t, "hello over HTTP/2.0\n", get(urls[0]))

	var vars struct{ Netpoller struct{ Open int } }
	require.NoError(t, json.Unmarshal([]byte(get(urls[1])), &vars))
	require.GreaterOrEqual(t, vars.Netpoller.Open, 4, "two listeners and two connections")
	fetched := get(urls[0] + "/fetch?url=" + url.QueryEscape(urls[1]))
	require.Contains(t, fetched, `"netpoller": {"Waits":`)

	inProgress := begin(urls[0] + "/?wait=300ms")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Equal(t, "hello over HTTP/2.0\n", end(inProgress))
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Equal(t, "ended\n", string(rest))
	require.NoError(t, cmd.Wait())
}
