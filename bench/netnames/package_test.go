// Package netnames has benchmarks with the names of package net's own, written anew so that one source runs on net and on
// netpoller: go test -bench . -args -package=netpoller. benchstat compares the two outputs; see make bench-compare.
package netnames

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

var packageName = flag.String("package", "net", "whose sockets are measured: net or netpoller")

// sockets are what the benchmarks use of a package.
type sockets struct {
	listen       func(network, addr string) (net.Listener, error)
	listenPacket func(network, addr string) (net.PacketConn, error)
	dial         func(network, addr string) (net.Conn, error)
}

// udpConn is what UDPConn of either package has.
type udpConn interface {
	net.PacketConn
	ReadFromUDP(b []byte) (int, *net.UDPAddr, error)
	WriteToUDP(b []byte, addr *net.UDPAddr) (int, error)
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
	ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error)
	WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
}

func chosen(b testing.TB) sockets {
	s, err := socketsOf(*packageName)
	require.NoError(b, err)
	return s
}

func socketsOf(name string) (sockets, error) {
	switch name {
	case "net":
		return sockets{net.Listen, net.ListenPacket, net.Dial}, nil
	case "netpoller":
		return sockets{netpoller.Listen, netpoller.ListenPacket, netpoller.Dial}, nil
	}
	return sockets{}, fmt.Errorf("-package=%s: there are net and netpoller", name)
}

// benchmarks are all of them, for the test that runs each a little.
var benchmarks = map[string]func(*testing.B){
	"TCP4OneShot": BenchmarkTCP4OneShot, "TCP4OneShotTimeout": BenchmarkTCP4OneShotTimeout,
	"TCP4Persistent": BenchmarkTCP4Persistent, "TCP4PersistentTimeout": BenchmarkTCP4PersistentTimeout,
	"TCP6OneShot": BenchmarkTCP6OneShot, "TCP6OneShotTimeout": BenchmarkTCP6OneShotTimeout,
	"TCP6Persistent": BenchmarkTCP6Persistent, "TCP6PersistentTimeout": BenchmarkTCP6PersistentTimeout,
	"TCP4ConcurrentReadWrite": BenchmarkTCP4ConcurrentReadWrite, "TCP6ConcurrentReadWrite": BenchmarkTCP6ConcurrentReadWrite,
	"SetReadDeadline": BenchmarkSetReadDeadline, "UDP6LinkLocalUnicast": BenchmarkUDP6LinkLocalUnicast,
	"WriteToReadFromUDP": BenchmarkWriteToReadFromUDP, "WriteToReadFromUDPAddrPort": BenchmarkWriteToReadFromUDPAddrPort,
	"ReadWriteMsgUDPAddrPort": BenchmarkReadWriteMsgUDPAddrPort, "SendFile": BenchmarkSendFile,
	"SendfileZeroBytes": BenchmarkSendfileZeroBytes, "Splice": BenchmarkSplice, "SpliceFile": BenchmarkSpliceFile,
}

// If this fails, a benchmark does not work with one of the packages.
func TestBenchmarksRun(t *testing.T) {
	benchtime := flag.Lookup("test.benchtime").Value
	defer func(was string) { require.NoError(t, benchtime.Set(was)) }(benchtime.String())
	require.NoError(t, benchtime.Set("20x"))
	defer func(was string) { *packageName = was }(*packageName)
	for _, name := range []string{"net", "netpoller"} {
		for benchmark, run := range benchmarks {
			t.Run(name+"/"+benchmark, func(t *testing.T) {
				*packageName = name
				failed, skipped := false, false
				testing.Benchmark(func(b *testing.B) {
					defer func() { failed, skipped = failed || b.Failed(), b.Skipped() }()
					run(b)
				})
				require.False(t, failed, "it failed; run it with -bench to see why")
				if skipped {
					t.Skip("it skips; run it with -bench to see why")
				}
			})
		}
	}
	_, err := socketsOf("iocp")
	require.Error(t, err)
}

// listener gives a benchmark a listener of its own: on loopback, or a path in a directory that goes away.
func listener(b *testing.B, s sockets, network string) net.Listener {
	addr := map[string]string{"tcp": "127.0.0.1:0", "tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network]
	if network == "unix" {
		dir, err := os.MkdirTemp("", "netnames") // b.TempDir is too long for an address
		require.NoError(b, err)
		b.Cleanup(func() { os.RemoveAll(dir) })
		addr = filepath.Join(dir, "s")
	}
	ln, err := s.listen(network, addr)
	if err != nil && network == "tcp6" {
		b.Skipf("no IPv6 on loopback: %v", err)
	}
	require.NoError(b, err)
	b.Cleanup(func() { ln.Close() })
	return ln
}

// pair connects two sockets.
func pair(b *testing.B, s sockets, network string) (client, server net.Conn) {
	ln := listener(b, s, network)
	accepted := make(chan error, 1)
	go func() {
		var err error
		server, err = ln.Accept()
		accepted <- err
	}()
	client, err := s.dial(network, ln.Addr().String())
	require.NoError(b, err)
	b.Cleanup(func() { client.Close() })
	require.NoError(b, <-accepted)
	b.Cleanup(func() { server.Close() })
	return client, server
}

// linkLocal finds an address of this machine that needs a zone. Packets that are sent to it stay on the machine.
func linkLocal() (string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 {
			continue
		}
		for _, addr := range addrs {
			prefix, err := netip.ParsePrefix(addr.String())
			if err == nil && prefix.Addr().Is6() && prefix.Addr().IsLinkLocalUnicast() {
				return prefix.Addr().WithZone(i.Name).String(), nil
			}
		}
	}
	return "", fmt.Errorf("no interface has an IPv6 link-local address")
}
