//go:build linux

package fd

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/poller"
)

// Programs pass data from one goroutine to another and say so through a connection.
// The race detector must see that as the synchronisation it is, whichever package
// either end belongs to; if it did not, it would report a race here. The tests say
// something only with -race.

// handOver passes a value that nothing guards but the messages.
func handOver(t *testing.T, from, to io.ReadWriter) {
	t.Helper()
	const rounds = 200
	var shared int
	receiving := async(func() error {
		buf := make([]byte, 1)
		for i := range rounds {
			if _, err := io.ReadFull(to, buf); err != nil {
				return err
			}
			if shared != i {
				t.Errorf("round %d: received %d", i, shared)
			}
			shared = -1
			if _, err := to.Write(buf); err != nil {
				return err
			}
		}
		return nil
	})
	buf := make([]byte, 1)
	for i := range rounds {
		shared = i
		if _, err := from.Write(buf); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(from, buf); err != nil {
			t.Fatal(err)
		}
		if shared != -1 {
			t.Errorf("round %d: the answer is %d", i, shared)
		}
	}
	ok(t, result(t, "receiver", receiving))
}

func TestHandOver(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		a, b := fdPair(t, g)
		t.Run("ours to ours", func(t *testing.T) { handOver(t, a, b) })

		std, err := net.Listen("tcp4", "127.0.0.1:0")
		ok(t, err)
		defer std.Close()
		accepted := make(chan net.Conn, 1)
		go func() {
			if c, err := std.Accept(); err == nil {
				accepted <- c
			}
		}()
		sa := std.Addr().(*net.TCPAddr)
		fd := socketFD(t)
		err = fd.Connect(t.Context(), sockaddrOf(sa), g)
		ok(t, err)
		c := result(t, "net's Accept", accepted)
		defer c.Close()
		t.Run("ours to net", func(t *testing.T) { handOver(t, fd, c) })
		t.Run("net to ours", func(t *testing.T) { handOver(t, c, fd) })
	})
}

// Closing and deadlines are heard of without a byte, and order what came before too.
func TestHandOverByClose(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, end := range map[string]func(fd *FD) error{
			"Close":    (*FD).Close,
			"deadline": func(fd *FD) error { return fd.SetReadDeadline(longAgo) },
			"timer":    func(fd *FD) error { return fd.SetReadDeadline(time.Now().Add(time.Microsecond)) },
		} {
			t.Run(name, func(t *testing.T) {
				for range 100 {
					fd, _ := pair(t, g)
					shared := 0
					reading := async(func() error {
						_, err := fd.Read(make([]byte, 1))
						shared++
						return err
					})
					parked(t, g, 1, 0)
					shared++
					ok(t, end(fd))
					result(t, "Read", reading)
					if shared != 2 {
						t.Errorf("shared = %d", shared)
					}
					fd.Close()
				}
			})
		}
	})
}

// The end of the stream says that all before it was done.
func TestHandOverByEOF(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 100 {
			a, b := fdPair(t, g)
			shared := 0
			reading := async(func() error {
				_, err := io.Copy(io.Discard, b)
				shared++
				return err
			})
			shared++
			_, err := a.Write([]byte("done"))
			ok(t, err)
			ok(t, a.Close())
			ok(t, result(t, "reader", reading))
			b.Close()
		}
	})
}
