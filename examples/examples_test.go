// Package examples_test builds every example and uses it as its comment says.
package examples_test

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// build returns the path of an example's program.
func build(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("go", "build", "-o", program, "./"+name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// start runs an example that serves until the test ends, and returns the addresses in
// its first line.
func start(t *testing.T, name string, args ...string) []string {
	t.Helper()
	cmd := exec.Command(build(t, name), args...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return regexp.MustCompile(`(https?://)?127\.0\.0\.1:\d+`).FindAllString(line, -1)
}

// If this fails, the first thing a reader tries does not work.
func TestEcho(t *testing.T) {
	addresses := start(t, "echo", "-listen", "127.0.0.1:0")
	c, err := net.Dial("tcp", addresses[0])
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "hello")
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
}

// If this fails, net/http's server or client does not work on our connections.
func TestHTTP(t *testing.T) {
	addresses := start(t, "httpserver", "-http", "127.0.0.1:0", "-https", "127.0.0.1:0")
	client := build(t, "httpclient")
	for i, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		out, err := exec.Command(client, "-k", "-n", "3", addresses[i]).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, 3, strings.Count(string(out), proto+" 200 OK"), "%s", out)
		require.Equal(t, 2, strings.Count(string(out), "reused=true"), "%s", out)
	}
}

// If this fails, a handler cannot take its connection over, as WebSocket servers do.
func TestUpgrade(t *testing.T) {
	addresses := start(t, "httpserver", "-http", "127.0.0.1:0", "-https", "127.0.0.1:0")
	c, err := net.Dial("tcp", strings.TrimPrefix(addresses[0], "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
	require.NoError(t, err)
	r := bufio.NewReader(c)
	status, err := r.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, status, "101")
	for line := ""; line != "\r\n"; {
		line, err = r.ReadString('\n')
		require.NoError(t, err)
	}
	_, err = io.WriteString(c, " and late")
	require.NoError(t, err)
	got := make([]byte, len("early and late"))
	_, err = io.ReadFull(r, got)
	require.NoError(t, err)
	require.Equal(t, "early and late", string(got))
}
