//go:build linux

package main

import (
	"bytes"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// If this fails, an event of an earlier life reaches a descriptor, or it does no harm without the generation, and the
// program shows nothing.
func TestLateEventIsRefused(t *testing.T) {
	var out bytes.Buffer
	run(log.New(&out, "", 0))
	require.Equal(t, []string{
		`a is closed during a Read: file already closed`,
		`d has the number of b true, the slot true, the event false`,
		`d reads "hello", <nil>`,
		`d has the number of b true, the slot true, the event true`,
		`d reads "", EOF`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

// If this fails, Close gives a number back to the kernel while a Read uses it, or never.
func TestLastUserCloses(t *testing.T) {
	c := newCache(t)
	fd, _ := c.pair()
	isOpen := func() bool {
		_, err := unix.FcntlInt(uintptr(fd.sysfd), unix.F_GETFD, 0)
		return err == nil
	}
	fd.wait = func() {
		fd.Close()
		fd.Close() // it changes nothing
		require.True(t, isOpen(), "a Read uses it")
	}
	_, err := fd.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrClosed)
	require.False(t, isOpen())
	_, err = fd.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrClosed)
	require.Len(t, c.free, 1)
}

// If this fails, a hang-up of this life is refused, too.
func TestHangUpIsSeen(t *testing.T) {
	c := newCache(t)
	fd, far := c.pair()
	fd.wait = func() {
		require.NoError(t, unix.Close(far))
		events := make([]unix.EpollEvent, 8)
		n, err := unix.EpollWait(c.epfd, events, 0)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.True(t, c.slots[events[0].Fd].Edge(uint32(events[0].Pad), events[0].Events))
		require.True(t, fd.pd.has(hungUp))
	}
	n, err := fd.Read(make([]byte, 1))
	require.NoError(t, err)
	require.Zero(t, n, "the system call says so itself: %v", io.EOF)
	fd.Close()
}

func newCache(t *testing.T) *Cache {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(epfd) })
	return &Cache{epfd: epfd}
}
