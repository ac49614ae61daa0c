package netnames

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func BenchmarkTCP4OneShot(b *testing.B)           { exchange(b, "tcp4", oneShot, noDeadline) }
func BenchmarkTCP4OneShotTimeout(b *testing.B)    { exchange(b, "tcp4", oneShot, farDeadline) }
func BenchmarkTCP4Persistent(b *testing.B)        { exchange(b, "tcp4", persistent, noDeadline) }
func BenchmarkTCP4PersistentTimeout(b *testing.B) { exchange(b, "tcp4", persistent, farDeadline) }
func BenchmarkTCP6OneShot(b *testing.B)           { exchange(b, "tcp6", oneShot, noDeadline) }
func BenchmarkTCP6OneShotTimeout(b *testing.B)    { exchange(b, "tcp6", oneShot, farDeadline) }
func BenchmarkTCP6Persistent(b *testing.B)        { exchange(b, "tcp6", persistent, noDeadline) }
func BenchmarkTCP6PersistentTimeout(b *testing.B) { exchange(b, "tcp6", persistent, farDeadline) }

const (
	messageSize = 512
	noDeadline  = 0
	farDeadline = time.Hour // never comes
)

// exchange makes b.N exchanges of a message for a copy of it, by two clients for each processor.
func exchange(b *testing.B, network string, client func(func() (net.Conn, error), func() bool) error, limit time.Duration) {
	s := chosen(b)
	ln := listener(b, s, network)
	limited := func(c net.Conn, err error) (net.Conn, error) {
		if err == nil && limit > 0 {
			err = c.SetDeadline(time.Now().Add(limit))
		}
		return c, err
	}
	var servers sync.WaitGroup
	servers.Go(func() {
		for {
			c, err := limited(ln.Accept())
			if err != nil {
				return
			}
			servers.Go(func() { answer(c) })
		}
	})
	dial := func() (net.Conn, error) { return limited(s.dial(network, ln.Addr().String())) }
	var taken atomic.Int64
	more := func() bool { return taken.Add(1) <= int64(b.N) }

	b.ReportAllocs()
	b.ResetTimer()
	errs := make(chan error)
	clients := 2 * runtime.GOMAXPROCS(0)
	for range clients {
		go func() { errs <- client(dial, more) }()
	}
	var all error
	for range clients {
		all = errors.Join(all, <-errs)
	}
	b.StopTimer()
	ln.Close()
	servers.Wait()
	require.NoError(b, all)
}

// oneShot makes a connection for each exchange. It ends with a reset, for ports are few and TIME_WAIT is long.
func oneShot(dial func() (net.Conn, error), more func() bool) error {
	for buf := make([]byte, messageSize); more(); {
		c, err := dial()
		if err != nil {
			return err
		}
		if err := ask(c, buf); err != nil {
			return err
		}
		if err := c.(interface{ SetLinger(int) error }).SetLinger(0); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

func persistent(dial func() (net.Conn, error), more func() bool) error {
	c, err := dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for buf := make([]byte, messageSize); more(); {
		if err := ask(c, buf); err != nil {
			return err
		}
	}
	return nil
}

func ask(c net.Conn, buf []byte) error {
	if _, err := c.Write(buf); err != nil {
		return err
	}
	_, err := io.ReadFull(c, buf)
	return err
}

// answer copies messages back until the client is gone.
func answer(c net.Conn) {
	defer c.Close()
	for buf := make([]byte, messageSize); ; {
		if _, err := io.ReadFull(c, buf); err != nil {
			return
		}
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

func BenchmarkTCP4ConcurrentReadWrite(b *testing.B) { concurrentReadWrite(b, "tcp4") }
func BenchmarkTCP6ConcurrentReadWrite(b *testing.B) { concurrentReadWrite(b, "tcp6") }

// concurrentReadWrite sends single bytes to a server and back, with a goroutine that reads and one that writes at both
// ends, on a connection for each processor.
func concurrentReadWrite(b *testing.B, network string) {
	s := chosen(b)
	errs := make(chan error)
	var start []func()
	pairs := runtime.GOMAXPROCS(0)
	each := b.N/pairs + 1
	for range pairs {
		client, server := pair(b, s, network)
		relay := make(chan byte, 128)
		start = append(start,
			func() { errs <- writeBytes(client, each, func() byte { return 1 }) },
			func() { errs <- readBytes(server, each, func(v byte) { relay <- v }) },
			func() { errs <- writeBytes(server, each, func() byte { return <-relay }) },
			func() { errs <- readBytes(client, each, func(byte) {}) })
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, run := range start {
		go run()
	}
	var all error
	for range start {
		all = errors.Join(all, <-errs)
	}
	require.NoError(b, all)
}

// writeBytes works a little for each byte, as who has something to say does.
func writeBytes(c net.Conn, n int, next func() byte) error {
	var buf [1]byte
	for range n {
		v := next()
		for range 1000 {
			v *= v
		}
		buf[0] = v
		if _, err := c.Write(buf[:]); err != nil {
			return err
		}
	}
	return nil
}

func readBytes(c net.Conn, n int, got func(byte)) error {
	var buf [1]byte
	for range n {
		if _, err := io.ReadFull(c, buf[:]); err != nil {
			return err
		}
		got(buf[0])
	}
	return nil
}

// BenchmarkSetReadDeadline moves a far deadline on by a nanosecond each time.
func BenchmarkSetReadDeadline(b *testing.B) {
	c, _ := pair(b, chosen(b), "tcp")
	require.NoError(b, c.SetWriteDeadline(time.Now().Add(2*farDeadline)))
	deadline := time.Now().Add(farDeadline)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.SetReadDeadline(deadline); err != nil {
			b.Fatal(err)
		}
		deadline = deadline.Add(1)
	}
}
