package netnames

import (
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkSendFile(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run("file-to-"+network, func(b *testing.B) {
			for _, size := range []int{8 << 10, 64 << 10, 1 << 20} {
				b.Run(fmt.Sprint(size), func(b *testing.B) { sendFile(b, network, size) })
			}
		})
	}
}

// BenchmarkSendfileZeroBytes sends a file that has nothing to send: what the way to the kernel costs.
func BenchmarkSendfileZeroBytes(b *testing.B) { sendFile(b, "tcp", 0) }

func sendFile(b *testing.B, network string, size int) {
	to, peer := pair(b, chosen(b), network)
	discarded := discard(peer)
	f := file(b, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(to, f); err != nil {
			b.Fatal(err)
		}
		n += int64(size)
	}
	require.NoError(b, to.Close())
	require.Equal(b, n, <-discarded)
}

func BenchmarkSplice(b *testing.B) {
	for _, way := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}} {
		b.Run(way[0]+"-to-"+way[1], func(b *testing.B) {
			for _, size := range []int{1 << 10, 64 << 10, 1 << 20} {
				b.Run(fmt.Sprint(size), func(b *testing.B) { splice(b, way[0], way[1], size) })
			}
		})
	}
}

// splice lets a proxy copy what comes in pieces of size.
func splice(b *testing.B, network, toNetwork string, size int) {
	s := chosen(b)
	source, from := pair(b, s, network)
	to, sink := pair(b, s, toNetwork)
	discarded := discard(sink)
	written := supply(source, b.N, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	n, err := io.Copy(to, from)
	require.NoError(b, err)
	require.NoError(b, to.Close())
	require.Equal(b, n, <-discarded)
	b.StopTimer()
	require.NoError(b, <-written)
	require.Equal(b, int64(b.N)*int64(size), n)
}

func BenchmarkSpliceFile(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run(network+"-to-file", func(b *testing.B) {
			for _, size := range []int{64 << 10, 1 << 20} {
				b.Run(fmt.Sprint(size), func(b *testing.B) { spliceFile(b, network, size) })
			}
		})
	}
}

func spliceFile(b *testing.B, network string, size int) {
	source, from := pair(b, chosen(b), network)
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	written := supply(source, b.N, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	n, err := io.Copy(f, from)
	require.NoError(b, err)
	b.StopTimer()
	require.NoError(b, <-written)
	require.Equal(b, int64(b.N)*int64(size), n)
}

func file(b *testing.B, size int) *os.File {
	f, err := os.CreateTemp(b.TempDir(), "")
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	_, err = f.Write(make([]byte, size))
	require.NoError(b, err)
	return f
}

// supply writes n pieces and closes the connection.
func supply(c net.Conn, n, size int) (done <-chan error) {
	written := make(chan error, 1)
	go func() {
		piece := make([]byte, size)
		for range n {
			if _, err := c.Write(piece); err != nil {
				written <- err
				return
			}
		}
		written <- c.Close()
	}()
	return written
}

// discard reads until the end and counts, through a buffer of its own: what reads here is not what is measured.
func discard(c net.Conn) (total <-chan int64) {
	done := make(chan int64, 1)
	go func() {
		n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 256<<10))
		done <- n
	}()
	return done
}
