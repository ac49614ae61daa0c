package examples_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// If this fails, the example that docs/debug.md shows serves no page, or there is nothing to see on it.
func TestDebug(t *testing.T) {
	page := start(t, "debug", "-listen", "127.0.0.1:0", "-conns", "7")[0] + "/debug/netpoller/"
	get := func(name string) []byte {
		response, err := http.Get(page + name)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", name, body)
		return body
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllSubmatch(get(""), -1) {
		require.NotEmpty(t, get(string(m[1])), "%s", m[1])
	}
	matched := func(filter string) int {
		var state struct{ Matched int }
		require.NoError(t, json.Unmarshal(get("state.json?filter="+filter), &state))
		return state.Matched
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if matched("") == 1+2*(4+1+1+7) && matched("notification") == 7 && matched("write:parked") == 2 {
			break
		}
		require.True(t, time.Now().Before(end), "a listener, and both ends of 13 connections, of which 7 only wait and one never reads")
	}
}
