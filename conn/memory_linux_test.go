package conn_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/listener"
)

// A waitKind is one way in which many connections wait for data.
type waitKind struct {
	name   string
	listen func(network, address string) (net.Listener, error)
	wait   func(c net.Conn, f func(net.Conn))
}

var waitKinds = []waitKind{
	{"net", net.Listen, readBlocked},
	{"ours", listener.Listen, readBlocked},
	{"ours, NotifyReadable", listener.Listen, readNotified},
	{"ours, NotifyReadable and a deadline", listener.Listen, func(c net.Conn, f func(net.Conn)) {
		c.SetReadDeadline(time.Now().Add(time.Hour))
		readNotified(c, f)
	}},
}

// readBlocked calls f from a goroutine whose Read has returned, into a very small buffer:
// what the buffer costs is no concern of ours.
func readBlocked(c net.Conn, f func(net.Conn)) {
	go func() {
		var b [1]byte
		c.Read(b[:])
		f(c)
	}()
}

func readNotified(c net.Conn, f func(net.Conn)) {
	c.(*conn.TCPConn).NotifyReadable(func() { f(c) })
}

// If this fails, connections on which nothing happens need more memory than package
// net's, or NotifyReadable saves little of it.
//
//	go test -run TestMemoryOfIdleConnections -v ./conn
func TestMemoryOfIdleConnections(t *testing.T) {
	const childOf = "NETPOLLER_IDLE_KIND"
	if kind := os.Getenv(childOf); kind != "" {
		i, err := strconv.Atoi(kind)
		require.NoError(t, err)
		fmt.Println("bytes", bytesPerIdle(t, waitKinds[i]))
		return
	}
	// Each in a process of its own: the runtime keeps what it made for goroutines.
	bytes := make([]float64, len(waitKinds))
	for i, kind := range waitKinds {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", fmt.Sprint("-test.short=", testing.Short()))
		cmd.Env = append(os.Environ(), childOf+"="+strconv.Itoa(i))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		_, figure, _ := strings.Cut(string(out), "bytes ")
		_, err = fmt.Sscan(figure, &bytes[i])
		require.NoError(t, err, "%s", out)
		t.Logf("%-36s %5.0f bytes per connection, %.2f of net's", kind.name, bytes[i], bytes[i]/bytes[0])
	}
	// The runtime allocates outside of the heap by the quarter of a megabyte.
	few := float64(512<<10) / float64(idleConns(t))
	require.Less(t, bytes[1], 1.1*bytes[0]+few, "a blocked Read")
	require.Less(t, bytes[2], 0.25*bytes[0]+few, "NotifyReadable")
	require.Less(t, bytes[3], 0.25*bytes[0]+few, "NotifyReadable with a deadline")
}

// idleConns is how many connections are made: 8000, or few of them with -short or the race
// detector, if this process may have both ends.
func idleConns(t *testing.T) int {
	if testing.Short() || nettest.UnderRace() {
		return min(1000, roomFor(t))
	}
	return min(8000, roomFor(t))
}

// roomFor returns how many connections this process may have, both ends.
func roomFor(t *testing.T) int {
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	return int(min(limit.Cur, 1<<30)/2) - 100
}

// bytesPerIdle makes connections and returns what this end of each takes while it waits.
// Package net has a part of that outside the heap.
func bytesPerIdle(t *testing.T, kind waitKind) int {
	n := idleConns(t)
	l, err := kind.listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()

	told := make(chan net.Conn)
	tell := func(c net.Conn) { told <- c }
	one := func() (far int) { // returns when this end waits
		far, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		to := &syscall.SockaddrInet4{Port: l.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
		require.NoError(t, syscall.Connect(far, to))
		c, err := l.Accept()
		require.NoError(t, err)
		kind.wait(c, tell)
		return far
	}
	fars := make([]int, n)
	fars[0] = one() // and what is made once
	before := inUse()
	for i := range fars[1:] {
		fars[1+i] = one()
	}
	each := (inUse() - before) / (n - 1)
	for _, far := range fars {
		// A reset, so that nothing stays in TIME_WAIT.
		syscall.SetsockoptLinger(far, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		syscall.Close(far)
		(<-told).Close()
	}
	return each
}

// inUse is what the program needs now: its heap, its stacks, and what the runtime made
// outside.
func inUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // which ends the sweep of the first
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse + m.OtherSys)
}
