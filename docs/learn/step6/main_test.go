//go:build linux

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, a way takes other system calls than the page says.
func TestCounts(t *testing.T) {
	var out bytes.Buffer
	run(&out, 100)
	var counts []string
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		counts = append(counts, strings.Join(fields[len(fields)-5:len(fields)-1], " ")) // without the time
	}
	require.Equal(t, []string{
		"epoll_wait read epoll_ctl calls",
		"1.00 1.00 0.00 2.00",
		"1.00 2.00 0.00 3.00",
		"1.00 1.00 0.00 2.00",
		"1.00 1.00 1.00 3.00",
		"epoll_wait read epoll_ctl calls",
		"4.00 1.00 0.00 5.00",
		"1.00 2.00 0.00 3.00",
		"1.00 1.00 0.00 2.00",
		"1.00 1.00 1.00 3.00",
	}, counts)
}

// If this fails, epoll reports other than the page says what a reader with a small buffer leaves unread.
func TestLeftOver(t *testing.T) {
	for i, reported := range []bool{true, false, false, true} {
		c := newConn(ways[i])
		_, err := unix.Write(c.far, []byte("hello"))
		require.NoError(t, err)
		require.True(t, c.poll())
		c.again = false
		c.receive(make([]byte, 2))
		require.Equal(t, reported, c.poll(), c.name)
		c.close()
	}
}
