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
	if !nettest.UnderRace() {
		t.Skip("needs -race")
	}
	if program := os.Getenv(racy); program != "" {
		pkg, name, _ := strings.Cut(program, "/")
		runRacy(t, pkg, racyPrograms[name])
		return
	}
	for name := range racyPrograms {
		for _, pkg := range []string{"net", "netpoller"} {
			t.Run(name+"/"+pkg, func(t *testing.T) {
				t.Parallel()
				cmd := exec.Command(os.Args[0], "-test.run=^TestRacyProgramMustBeReported$")
				cmd.Env = append(os.Environ(), racy+"="+pkg+"/"+name, "GORACE=halt_on_error=1")
				out, err := cmd.CombinedOutput()
				require.Error(t, err, "no race was reported")
				require.Contains(t, string(out), "WARNING: DATA RACE")
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
