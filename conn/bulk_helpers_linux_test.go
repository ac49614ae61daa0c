package conn_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// stream is what TCPConn and a Unix stream have in common, ours and package net's.
type stream interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}

// streamPair returns the two ends of a connection, ours and package net's. The network
// is tcp or unix.
func streamPair(t testing.TB, network string) (ours, theirs stream) {
	t.Helper()
	if network == "tcp" {
		return mixed(t)
	}
	l, err := net.Listen("unix", fmt.Sprintf("@netpoller-conn-bulk-%d", os.Getpid()))
	require.NoError(t, err)
	defer l.Close()
	c, err := dialer.Dial("unix", l.Addr().String())
	require.NoError(t, err)
	peer, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(); peer.Close() })
	return c.(stream), peer.(stream)
}

// kernelPairs are the networks between which io.Copy stays in the kernel.
var kernelPairs = [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}}

// counted counts the calls that move data of our connections; the peers in these tests
// are package net's, whose calls are not counted.
type counted struct{ reads, writes, splices atomic.Int64 }

func count(t testing.TB) *counted {
	c := new(counted)
	t.Cleanup(sys.SetFault(func(call sys.Call, _ int) error {
		switch call {
		case sys.CallRead:
			c.reads.Add(1)
		case sys.CallWrite:
			c.writes.Add(1)
		case sys.CallSplice:
			c.splices.Add(1)
		}
		return nil
	}))
	return c
}

// sum is a count and a checksum.
type sum struct {
	n      int64
	digest [sha256.Size]byte
}

// slow reads to the end, in pieces of any size and with pauses, in the background.
func slow(t testing.TB, r io.Reader) <-chan sum {
	c := make(chan sum, 1)
	go func() {
		var s sum
		h := sha256.New()
		for buf := make([]byte, 1<<17); ; {
			n, err := r.Read(buf[:1+rand.N(len(buf))])
			h.Write(buf[:n])
			s.n += int64(n)
			if err != nil {
				if err != io.EOF {
					t.Error(err)
				}
				break
			}
			if rand.N(200) == 0 {
				time.Sleep(time.Millisecond) // the sender runs out of room
			}
		}
		s.digest = [sha256.Size]byte(h.Sum(nil))
		c <- s
	}()
	return c
}

// noise returns size bytes, and their sum.
func noise(size int) ([]byte, sum) {
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data, sum{int64(size), sha256.Sum256(data)}
}

// settled returns how many descriptors and goroutines there are once pipes that are
// kept for later were dropped.
func settled(t testing.TB) (fds int) {
	t.Helper()
	for range 3 {
		runtime.GC()
	}
	return nettest.OpenFDs(t)
}

var _ stream = (*conn.TCPConn)(nil)
