package conn_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/listener"
)

// After CloseWrite the peer must read what was written and then the end, and be able
// to answer; our own Write must fail.
func TestCloseWrite(t *testing.T) {
	a, b := pair(t)
	write(t, a, "question")
	require.NoError(t, a.CloseWrite())
	all, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "question", string(all))
	_, err = a.Write([]byte("more"))
	require.ErrorIs(t, err, syscall.EPIPE)

	write(t, b, "answer")
	require.Equal(t, "answer", read(t, a, 100))
	write(t, b, "again") // a short read came before: this one must be seen too
	require.Equal(t, "again", read(t, a, 100))
	require.NoError(t, b.Close())
	atEnd(t, a)
}

// CloseWrite must wake a peer that waits, and CloseRead the Read of this end.
func TestShutdownWakes(t *testing.T) {
	a, b := pair(t)
	ended := make(chan error)
	wait := func() { _, err := b.Read(make([]byte, 8)); ended <- err }
	go wait()
	time.Sleep(time.Millisecond) // most likely it waits by now
	require.NoError(t, a.CloseWrite())
	require.Equal(t, io.EOF, <-ended)

	a, b = pair(t)
	go wait()
	time.Sleep(time.Millisecond)
	require.NoError(t, b.CloseRead())
	require.Equal(t, io.EOF, <-ended)
	require.NoError(t, a.Close())
}

// A Close with a linger time of 0, and one with data not read, must reset the
// connection: the peer's Read fails, and does not take what is lost for the end.
func TestCloseResets(t *testing.T) {
	for name, spoil := range map[string]func(c *conn.TCPConn, peer net.Conn){
		"linger":      func(c *conn.TCPConn, _ net.Conn) { require.NoError(t, c.SetLinger(0)) },
		"unread data": func(_ *conn.TCPConn, peer net.Conn) { write(t, peer, "unread") },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			spoil(a, b)
			if name == "unread data" {
				nettest.Control(t, a, func(fd int) error { return awaitReadable(fd) })
			}
			require.NoError(t, a.Close())
			_, err := b.Read(make([]byte, 8))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
	}
}

// Data that was sent before a FIN must be read whole, whatever the buffer's size, and then
// the end: a poller that takes the hang-up for the end loses data.
func TestDataBeforeEnd(t *testing.T) {
	for range 300 {
		a, b := mixed(t)
		size := 1 + rand.IntN(100_000)
		buffer := 1 + rand.IntN(2*size)
		go func() {
			data := make([]byte, size)
			for len(data) > 0 {
				n := 1 + rand.IntN(len(data))
				b.Write(data[:n])
				data = data[n:]
			}
			b.Close()
		}()
		got := 0
		for {
			n, err := a.Read(make([]byte, buffer))
			got += n
			if err != nil {
				require.Equal(t, io.EOF, err)
				break
			}
		}
		require.Equal(t, size, got, "buffer of %d", buffer)
		atEnd(t, a)
		a.Close()
	}
}

// Data before a reset may be lost, but a Read must neither wait forever nor
// invent anything.
func TestDataBeforeReset(t *testing.T) {
	for range 300 {
		a, b := mixed(t)
		write(t, b, "data")
		require.NoError(t, b.SetLinger(0))
		go b.Close()
		for {
			buffer := make([]byte, 100)
			n, err := a.Read(buffer)
			if err != nil {
				require.ErrorIs(t, err, syscall.ECONNRESET)
				break
			}
			require.Equal(t, "data", string(buffer[:n]))
		}
		atEnd(t, a)
		a.Close()
	}
}

// Close must end everything that waits, with net.ErrClosed, and return when the
// descriptor is gone, whichever goroutine calls it.
func TestCloseEndsAll(t *testing.T) {
	for range 100 {
		a, b := pair(t)
		raw, err := a.SyscallConn()
		require.NoError(t, err)
		operations := []func() error{
			func() error { _, err := a.Read(make([]byte, 8)); return err },
			func() error { _, err := a.Read(make([]byte, 8)); return err },
			func() error { return raw.Read(func(uintptr) bool { return false }) },
			func() error {
				for big := make([]byte, 1<<20); ; {
					if _, err := a.Write(big); err != nil {
						return err
					}
				}
			},
			func() error { return raw.Write(func(uintptr) bool { return false }) },
			func() error { _, err := a.WriteTo(io.Discard); return err },
			func() error { _, err := io.Copy(a, strings.NewReader("x")); return err },
		}
		var wg sync.WaitGroup
		for i, operation := range operations {
			wg.Go(func() {
				if err := operation(); i != len(operations)-1 || err != nil {
					assert.ErrorIs(t, err, net.ErrClosed)
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
		var closed [3]error
		for i := range closed {
			wg.Go(func() { closed[i] = a.Close() })
		}
		wg.Wait()
		won := 0
		for _, err := range closed {
			if err == nil {
				won++
			} else {
				require.ErrorIs(t, err, net.ErrClosed)
			}
		}
		require.Equal(t, 1, won, "one Close closes")
		b.Close()
	}
}

// Connections and listeners that nobody refers to any more must be closed by the
// garbage collector, and not before.
func TestGarbageIsClosed(t *testing.T) {
	before := nettest.OpenFDs(t)
	func() {
		for range 20 {
			l, err := listener.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			c, err := dialer.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			a, err := l.Accept()
			require.NoError(t, err)
			runtime.GC()
			write(t, c, "x")
			require.Equal(t, "x", read(t, a, 2))
			require.NoError(t, a.SetDeadline(time.Now().Add(time.Hour))) // the heap must not hold it
		}
	}()
	nettest.Eventually(t, "garbage is closed", func() bool {
		runtime.GC()
		return nettest.OpenFDs(t) <= before
	})
}

// A connection that a goroutine reads must not be taken for garbage.
func TestReadKeepsAlive(t *testing.T) {
	a, b := pair(t)
	result := make(chan error)
	func(c *conn.TCPConn) {
		go func() { _, err := c.Read(make([]byte, 8)); result <- err }()
	}(a)
	a = nil
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	write(t, b, "x")
	require.NoError(t, <-result)
}

// File must return a descriptor of its own that works with package net, and either may
// be closed first; the connection must go on when the file has become blocking.
func TestFile(t *testing.T) {
	a, b := pair(t)
	nettest.NoFDsLeft(t)
	f, err := a.File()
	require.NoError(t, err)
	require.Equal(t, "tcp:"+a.LocalAddr().String()+"->"+a.RemoteAddr().String(), f.Name())
	theirs, err := net.FileConn(f)
	require.NoError(t, err)
	f.Fd()
	require.NoError(t, f.Close())
	write(t, theirs, "x")
	require.Equal(t, "x", read(t, b, 100))
	require.NoError(t, a.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "blocking by now")
	require.NoError(t, theirs.Close())
	write(t, b, "y")
	require.NoError(t, a.SetReadDeadline(time.Time{}))
	require.Equal(t, "y", read(t, a, 100))
}

// O_NONBLOCK belongs to all who share the socket, and a child process may clear it
// (golang/go#43894): Read must go on waiting as before, for data, deadlines and Close.
func TestNonblockCleared(t *testing.T) {
	a, b := pair(t)
	nettest.Control(t, a, func(fd int) error { return syscall.SetNonblock(fd, false) })
	require.NoError(t, a.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	_, err := a.Read(make([]byte, 1<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, a.SetReadDeadline(time.Time{}))
	ended := make(chan error, 2)
	go func() { _, err := a.Read(make([]byte, 8)); ended <- err }()
	go func() {
		var err error
		for big := make([]byte, 1<<20); err == nil; {
			_, err = a.Write(big)
		}
		ended <- err
	}()
	time.Sleep(time.Millisecond)
	require.NoError(t, a.Close())
	require.NoError(t, errors.Join(onlyClosed(<-ended), onlyClosed(<-ended)))
	b.Close()
}

func onlyClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return errors.Join(errors.New("not closed"), err)
}
