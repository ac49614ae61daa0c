//go:build linux

package fd

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// Each of these is a bug that another poller had.

// inChild says that this process is the child of a test.
const inChild = "NETPOLLER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(inChild) != "" {
		child()
	}
	os.Exit(m.Run())
}

// child clears O_NONBLOCK of the description it inherited, says so and holds on to it.
func child() {
	if err := syscall.SetNonblock(3, false); err != nil {
		os.Exit(1)
	}
	os.Stdout.WriteString("cleared\n")
	os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}

// O_NONBLOCK is shared with every process that inherits a descriptor. If a Read could block for
// that, Close and deadlines would wait for data (golang/go#43894).
func TestChildClearsNonblock(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		dup, err := fd.Dup()
		ok(t, err)
		file := os.NewFile(uintptr(dup), "socket")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), inChild+"=1")
		cmd.ExtraFiles = []*os.File{file}
		in, err := cmd.StdinPipe()
		ok(t, err)
		out, err := cmd.StdoutPipe()
		ok(t, err)
		ok(t, cmd.Start())
		file.Close()
		defer cmd.Wait()
		defer in.Close()
		if line, _ := bufio.NewReader(out).ReadString('\n'); line != "cleared\n" {
			t.Fatalf("child said %q", line)
		}

		far.send("hello")
		reads(t, fd, 10, "hello")
		ok(t, fd.SetReadDeadline(time.Now().Add(time.Millisecond)))
		expires(t, "Read", func() (int, error) { return fd.Read(make([]byte, 10)) })
		small(t, fd, far)
		ok(t, fd.SetWriteDeadline(time.Now().Add(time.Millisecond)))
		expires(t, "Write", func() (int, error) { return fd.Write(make([]byte, 8<<20)) })
		ok(t, fd.SetDeadline(time.Time{}))
		reading := async(func() error { _, err := fd.Read(make([]byte, 10)); return err })
		writing := async(func() error { _, err := fd.Write(make([]byte, 8<<20)); return err })
		parked(t, g, 1, 1)
		returns(t, "Close", func() { ok(t, fd.Close()) })
		if err := result(t, "Read", reading); err != net.ErrClosed {
			t.Errorf("Read: %v", err)
		}
		if err := result(t, "Write", writing); err != net.ErrClosed {
			t.Errorf("Write: %v", err)
		}

		// The child keeps the description open. It must be nothing to us any more.
		events := g.Stats().Events
		next, far2 := pair(t, g)
		far.reset()
		far2.send("hello")
		reads(t, next, 10, "hello")
		if next.pd.Exceptional() {
			t.Error("an event of the closed socket reached the next one")
		}
		if n := g.Stats().Events - events; n > 3 {
			t.Errorf("%d events for one connection", n)
		}
	})
}

// An event that was under way when its descriptor was closed must not be taken for one
// of the next owner of the slot or the number: there, it was an error that nobody made
// (golang/go#59545) or a connection that was none (golang/go#19289).
func TestStaleEventsReachNobody(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 1000 {
			near, sysfd := tcpPair(t)
			near2, sysfd2 := tcpPair(t)
			fd := newFD(t, g, near, KindTCP)
			far, far2 := &peer{t, sysfd}, &peer{t, sysfd2}

			poison := async(func() error { far.reset(); return nil })
			old := fd.pd.Token()
			ok(t, fd.Close())
			next := newFD(t, g, near2, KindTCP)
			if token := next.pd.Token(); token.Slot != old.Slot || token.Gen == old.Gen {
				t.Fatalf("slot %v was not reused as %v", old, token)
			}
			<-poison

			far2.send("hello")
			reads(t, next, 10, "hello")
			if next.pd.Exceptional() {
				t.Fatal("the next owner is told of a reset")
			}
			ok(t, next.Close())
			far2.close()
		}
	})
}

// By hand: the event is in the poller's hand while the slot changes hands.
func TestLateEventIsStale(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, _ := pair(t, g)
	old := fd.pd.Token()
	ok(t, fd.Close())
	next, _ := pair(t, g)
	if next.pd.Token().Slot != old.Slot {
		t.Fatal("the slot was not reused")
	}
	reading := async(func() error { _, err := next.Read(make([]byte, 10)); return err })
	parked(t, g, 1, 0)
	woken, current := next.pd.Edge(old.Gen, polldesc.Readable|polldesc.Writable|polldesc.ERR|polldesc.HUP)
	if woken != 0 || current {
		t.Errorf("a late event woke %d, current %v", woken, current)
	}
	if next.pd.Exceptional() {
		t.Error("a late event left its facts")
	}
	ok(t, next.Close())
	if err := result(t, "Read", reading); err != net.ErrClosed {
		t.Errorf("Read: %v", err)
	}
}

// Closing must end the registration although a duplicate keeps the socket alive, or
// its events come forever for nobody.
func TestCloseUnregistersDespiteDuplicate(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		dup, err := fd.Dup()
		ok(t, err)
		defer syscall.Close(dup)
		ok(t, fd.Close())
		next, far2 := pair(t, g) // so that the poller has been round
		before := g.Stats()
		far.send("hello")
		far.fin()
		far2.send("hello")
		reads(t, next, 10, "hello")
		if after := g.Stats(); after.Stale != before.Stale || after.Events > before.Events+2 {
			t.Errorf("events of a closed descriptor: before %+v, after %+v", before, after)
		}
	})
}

// A counter of waiters that only grows ends up wrong (golang/go#60782).
func TestCountersReturnToZero(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 5 {
			fd, far := pair(t, g)
			small(t, fd, far)
			for i, end := range []func(){
				func() { far.send("x"); far.recv(256 << 10) },
				func() { ok(t, fd.SetDeadline(longAgo)) },
				func() { ok(t, fd.SetDeadline(time.Now().Add(20*time.Millisecond))) },
			} {
				errs := make(chan error, 2)
				go func() { _, err := fd.Read(make([]byte, 10)); errs <- err }()
				go func() { _, err := fd.Write(make([]byte, 256<<10)); errs <- err }()
				if i == 0 {
					parked(t, g, 1, 1)
				}
				eventually(t, "parked", func() bool { return g.Stats().ParkedReaders == 1 })
				end()
				for range 2 {
					if err := result(t, "operation", errs); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Fatal(err)
					}
				}
				ok(t, fd.SetDeadline(time.Time{}))
			}
			ok(t, fd.Close())
			far.close()
		}
		s := g.Stats()
		if s.Open != 0 || s.ParkedReaders != 0 || s.ParkedWriters != 0 || s.Timers != 0 {
			t.Errorf("not zero: %+v", s)
		}
		if s.Waits == 0 || 2*s.Events < s.Wakeups || s.Wakeups == 0 || s.TimersArmed == 0 || s.TimersFired == 0 || s.TimersFired > s.TimersArmed {
			t.Errorf("do not add up: %+v", s)
		}
	})
}
