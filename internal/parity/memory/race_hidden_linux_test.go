package memory

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// The race detector compares what is ordered by synchronization that it sees. A lock
// or a channel inside the library that two strangers share orders them, and hides the
// race between them. The programs here have such a race: two goroutines, each with a
// connection of its own, touch a variable and call a method at different times.

// A racyProgram touches shared in two goroutines. early and late are connections that have
// nothing to do with each other, and peers the other ends.
type racyProgram func(shared *int, early, late net.Conn, peers [2]net.Conn)

var racyPrograms = map[string]racyProgram{
	"deadline beside deadline": func(shared *int, early, late net.Conn, _ [2]net.Conn) {
		inTime(
			func() { *shared++; early.SetReadDeadline(time.Now().Add(time.Hour)) },
			func() { late.SetReadDeadline(time.Now().Add(time.Minute)); *shared++ })
	},
	"deadlines of both sides": func(shared *int, early, late net.Conn, _ [2]net.Conn) {
		inTime(
			func() { *shared++; early.SetDeadline(time.Now().Add(time.Minute)) },
			func() { late.SetDeadline(time.Now().Add(time.Hour)); *shared++ })
	},
	"deadline beside Close": func(shared *int, early, late net.Conn, _ [2]net.Conn) {
		early.SetDeadline(time.Now().Add(time.Hour))
		inTime(
			func() { *shared++; early.Close() },
			func() { late.SetDeadline(time.Now().Add(time.Minute)); *shared++ })
	},
	"limit beside deadline": func(shared *int, early, late net.Conn, peers [2]net.Conn) {
		c := netpoller.WithTimeout(early, time.Hour, time.Hour)
		time.AfterFunc(2*step, func() { peers[0].Close() })
		inTime(
			func() { *shared++; c.Read(make([]byte, 1)) },
			func() { late.SetDeadline(time.Now().Add(time.Minute)); *shared++ })
	},
	"Read beside Read": func(shared *int, early, late net.Conn, peers [2]net.Conn) {
		time.AfterFunc(2*step, func() { peers[0].Write([]byte("x")) })
		time.AfterFunc(3*step, func() { peers[1].Write([]byte("x")) })
		inTime(
			func() { *shared++; early.Read(make([]byte, 1)) },
			func() { late.Read(make([]byte, 1)); *shared++ })
	},
	"Read beside Reads": func(shared *int, early, late net.Conn, peers [2]net.Conn) {
		// late parks for the second time where its first wake-up was counted.
		time.AfterFunc(2*step, func() { peers[0].Write([]byte("x")) })
		time.AfterFunc(3*step, func() { peers[1].Write([]byte("x")) })
		time.AfterFunc(4*step, func() { peers[1].Write([]byte("x")) })
		inTime(
			func() { *shared++; early.Read(make([]byte, 1)) },
			func() { late.Read(make([]byte, 1)); late.Read(make([]byte, 1)); *shared++ })
	},
	"Read beside Reads that park on an eventfd": func(shared *int, early, late net.Conn, peers [2]net.Conn) {
		time.AfterFunc(2*step, func() { peers[0].Write([]byte("x")) })
		inTime(
			func() { *shared++; early.Read(make([]byte, 1)) },
			func() {
				for range 60 { // and for more than half of the time there is one
					time.AfterFunc(step/10, func() { peers[1].Write([]byte("x")) })
					late.Read(make([]byte, 1))
				}
				*shared++
			})
	},
	"Read beside a Read that ends": func(shared *int, early, late net.Conn, peers [2]net.Conn) {
		time.AfterFunc(2*step, func() { peers[0].Write([]byte("x")) })
		time.AfterFunc(3*step, func() { peers[1].Close() })
		inTime(
			func() { *shared++; early.Read(make([]byte, 1)) },
			func() { late.Read(make([]byte, 1)); late.Read(make([]byte, 1)); *shared++ })
	},
	// Package syscall tells the detector that a Write precedes the Reads after it. It tells nothing
	// of other calls.
	"Buffers, and the Read of them": func(shared *int, early, _ net.Conn, peers [2]net.Conn) {
		inTime(
			func() { *shared++; writeBuffers(early, []byte("x"), []byte("y")) },
			func() { peers[0].Read(make([]byte, 2)); *shared++ })
	},
	"WriteTo, and its ReadFrom": func(shared *int, early, _ net.Conn, _ [2]net.Conn) {
		a, b := packets(early), packets(early)
		defer a.Close()
		defer b.Close()
		inTime(
			func() { *shared++; a.WriteTo([]byte("x"), b.LocalAddr()) },
			func() { b.ReadFrom(make([]byte, 1)); *shared++ })
	},
	"Read beside Read, past urgent data": func(shared *int, early, late net.Conn, peers [2]net.Conn) {
		urgent := func(c net.Conn) {
			raw, _ := c.(syscall.Conn).SyscallConn()
			raw.Control(func(fd uintptr) { syscall.Sendto(int(fd), []byte("u"), syscall.MSG_OOB, nil) })
			time.Sleep(step / 2)
			c.Write([]byte("x"))
		}
		time.AfterFunc(2*step, func() { urgent(peers[0]) })
		time.AfterFunc(4*step, func() { urgent(peers[1]) })
		inTime(
			func() { *shared++; early.Read(make([]byte, 1)) },
			func() { late.Read(make([]byte, 1)); *shared++ })
	},
}

// writeBuffers writes buffers at once.
func writeBuffers(c net.Conn, buffers ...[]byte) {
	if c, ok := c.(*netpoller.TCPConn); ok {
		b := netpoller.Buffers(buffers)
		b.WriteTo(c)
		return
	}
	b := net.Buffers(buffers)
	b.WriteTo(c)
}

// packets returns a UDP socket of the package that c is of.
func packets(c net.Conn) net.PacketConn {
	listen := net.ListenPacket
	if _, ok := c.(*netpoller.TCPConn); ok {
		listen = netpoller.ListenPacket
	}
	p, err := listen("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return p
}

// A silentProgram has a race that the detector does not report with package net, because the
// kernel never reads what is written meanwhile.
var silentPrograms = map[string]racyProgram{
	"Write of more than was sent": func(_ *int, early, _ net.Conn, _ [2]net.Conn) {
		p := make([]byte, muchMore)
		early.SetWriteDeadline(time.Now().Add(2 * step))
		inTime(func() { early.Write(p) }, func() { p[len(p)-1]++ })
	},
}

// muchMore is more than all buffers hold, if nobody reads.
const muchMore = 64 << 20

// step is long enough for what came before to have happened, most of the time. If it had
// not, the race would be reported all the more.
const step = 50 * time.Millisecond

// inTime calls f, and g when f has most likely done what it can. Sleeping orders
// nothing.
func inTime(f, g func()) {
	done := make(chan struct{}, 2)
	go func() { f(); done <- struct{}{} }()
	go func() { time.Sleep(step); g(); done <- struct{}{} }()
	<-done
	<-done
}

// racy names the program that a process of this test is to run: a package and a name.
const racy = "NETPOLLER_TEST_RACY"

// If this fails, go test -race finds less in a program than it does with package net.
func TestRacyProgramMustBeReported(t *testing.T) {
	racyOverBoth(t, racyPrograms, func(t *testing.T, out string, err error) {
		require.Error(t, err, "no race was reported")
		require.Contains(t, out, "WARNING: DATA RACE")
	})
}

// If this fails, the detector is told of more than the kernel read. Each write of a large buffer
// would then take as long as the whole of it.
func TestSilentProgramMustNotBeReported(t *testing.T) {
	racyOverBoth(t, silentPrograms, func(t *testing.T, out string, err error) { require.NoError(t, err, "%s", out) })
}

// racyOverBoth runs programs over package net and over ours, each in a process of its own that
// ends with the first race that is reported. The process calls racyOverBoth again.
func racyOverBoth(t *testing.T, programs map[string]racyProgram, check func(t *testing.T, out string, err error)) {
	if !nettest.UnderRace() {
		t.Skip("needs -race")
	}
	if program := os.Getenv(racy); program != "" {
		pkg, name, _ := strings.Cut(program, "/")
		runRacy(t, pkg, programs[name])
		return
	}
	test := t.Name()
	for name := range programs {
		for _, pkg := range []string{"net", "netpoller"} {
			t.Run(name+"/"+pkg, func(t *testing.T) {
				t.Parallel()
				cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
				cmd.Env = append(os.Environ(), racy+"="+pkg+"/"+name, "GORACE=halt_on_error=1")
				out, err := cmd.CombinedOutput()
				check(t, string(out), err)
			})
		}
	}
}

func runRacy(t *testing.T, pkg string, program racyProgram) {
	listen, dial := net.Listen, net.Dial
	if pkg == "netpoller" {
		listen, dial = netpoller.Listen, netpoller.Dial
	}
	ln, err := listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	var conns, peers [2]net.Conn
	for i := range conns {
		conns[i], err = dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		defer conns[i].Close()
		peers[i], err = ln.Accept()
		require.NoError(t, err)
		defer peers[i].Close()
	}
	shared := 0
	program(&shared, conns[0], conns[1], peers)
}
