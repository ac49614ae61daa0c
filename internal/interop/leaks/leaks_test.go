//go:build linux

// Package leaks runs what others look for leaked goroutines with over our sockets: a
// program that has closed them must have none more than before.
package leaks

import (
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	pion "github.com/pion/transport/v3/test"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/a57b2d82/netpoller"
)

// TestMain looks for goroutines that are there since the program began, and for those that
// all tests together have left behind.
func TestMain(m *testing.M) {
	if err := goleak.Find(); err != nil {
		println("before the first socket:", err.Error())
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// use opens sockets of all kinds, parks on them, lets deadlines pass, and closes them.
func use(t *testing.T) {
	t.Helper()
	ln, err := netpoller.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepted := make(chan net.Conn)
	go func() {
		c, _ := ln.Accept()
		accepted <- c
	}()
	c, err := netpoller.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	far := <-accepted
	echoed := make(chan error)
	go func() {
		_, err := io.Copy(far, far)
		echoed <- err
	}()
	_, err = c.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 5))
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	packets, err := netpoller.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	c.(*netpoller.TCPConn).NotifyReadable(func() {})

	require.NoError(t, packets.Close())
	require.NoError(t, c.Close())
	require.NoError(t, <-echoed)
	require.NoError(t, far.Close())
	require.NoError(t, ln.Close())
}

// If this failed, go.uber.org/goleak would find a goroutine of ours.
func TestGoleak(t *testing.T) {
	defer goleak.VerifyNone(t)
	use(t)
}

// If this failed, the check of github.com/pion/transport would, which pion's modules make.
func TestPion(t *testing.T) {
	defer pion.CheckRoutines(t)()
	use(t)
}

// If this failed, a count before and a little later would differ, as net/http's own tests
// compare.
func TestCount(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		use(t)
		for end := time.Now().Add(5 * time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			require.True(t, time.Now().Before(end), "a goroutine is left")
		}
	}
}

// If this failed, a group of reactors that was closed would leave one.
func TestGroup(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, wait := range []netpoller.PollerStrategy{netpoller.PollerNested, netpoller.PollerThread} {
		g := netpoller.NewPollerGroup(netpoller.PollerConfig{Strategy: wait})
		ln, err := (&netpoller.ListenConfig{Poller: g}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, g.Close())
		require.ErrorIs(t, ln.Close(), nil)
	}
}
