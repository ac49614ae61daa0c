//go:build linux

package fd

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// socketFD returns an FD that has yet to be connected.
func socketFD(t testing.TB) *FD {
	t.Helper()
	sysfd, err := sys.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	ok(t, err)
	fd := new(FD)
	fd.Own(sysfd, KindTCP)
	t.Cleanup(func() { fd.Close() })
	return fd
}

// fullListener returns an address where connecting takes as long as one lets it: the
// queue is full and nobody accepts.
func fullListener(t testing.TB) syscall.Sockaddr {
	sa, _ := fullListenerFD(t)
	return sa
}

func fullListenerFD(t testing.TB) (sa syscall.Sockaddr, l int) {
	t.Helper()
	l = listening(t, 0)
	t.Cleanup(func() { syscall.Close(l) })
	sa = address(t, l)
	for range 2 { // one for the queue, one to find it full
		s, err := sys.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		ok(t, err)
		t.Cleanup(func() { syscall.Close(s) })
		if err := sys.Connect(s, sa); err != syscall.EINPROGRESS {
			t.Errorf("connect: %v", err)
		}
	}
	return sa, l
}

// If this failed, nothing could be dialled.
func TestConnectAccept(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 100 {
			l, fd := listener(t, g), socketFD(t)
			ctx, cancel := context.WithCancel(context.Background())
			connecting := async(func() error { return fd.Connect(ctx, address(t, l.sysfd), g) })
			sysfd, from, err := l.Accept()
			ok(t, err)
			ok(t, result(t, "Connect", connecting))
			cancel()
			other := newFD(t, g, sysfd, KindTCP)
			var local sys.RawAddr
			ok(t, fd.LocalName(&local))
			got, _ := from.AddrPort()
			want, _ := local.AddrPort()
			require.Equal(t, want, got, "accepted from")
			if _, err := fd.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			reads(t, other, 10, "hello")
			other.Close()
			fd.Close()
			l.Close()
		}
	})
}

// A refused connection that is reported as made would fail later, in the wrong place.
func TestConnectRefused(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		// Bound, so that nobody gets the port, ourselves included, but not listening.
		l, err := sys.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		ok(t, err)
		defer syscall.Close(l)
		ok(t, syscall.Bind(l, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		sa := address(t, l)
		for range 200 {
			fd := socketFD(t)
			err := fd.Connect(context.Background(), sa, g)
			var call *os.SyscallError
			if !errors.As(err, &call) || call.Syscall != "connect" || call.Err != syscall.ECONNREFUSED {
				t.Fatalf("Connect: %v", err)
			}
			ok(t, fd.Close())
		}
	})
}

// Being told of readiness proves nothing; a Connect that believed it would return a
// socket that is not connected (golang/go#14548).
func TestConnectSpuriousWakeups(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		sa, l := fullListenerFD(t)
		fd := socketFD(t)
		connecting := async(func() error {
			err := fd.Connect(context.Background(), sa, g)
			if err == nil {
				_, err = syscall.Getpeername(fd.sysfd)
			}
			return err
		})
		parked(t, g, 0, 1)
		c := watch(t, fd.sysfd, nil)
		for i := range 10 {
			edge(fd, polldesc.Writable)
			eventually(t, "asked whether connected", func() bool { return c.of(sys.CallConnect) > i })
			parked(t, g, 0, 1)
		}
		if len(connecting) != 0 {
			t.Fatal("Connect believed a spurious wake-up")
		}
		for range 2 { // there is room now, and the next attempt of the kernel succeeds
			s, _, err := syscall.Accept(l)
			ok(t, err)
			defer syscall.Close(s)
		}
		ok(t, result(t, "Connect", connecting))
	})
}

// The same with the kernel's answers made up: still in progress.
func TestConnectNotYet(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for _, errno := range []syscall.Errno{syscall.EALREADY, syscall.EINPROGRESS, syscall.EINTR} {
			l, fd := listener(t, g), socketFD(t)
			later := firstFail(sys.CallConnect, 4, errno)
			c := watch(t, fd.sysfd, nil)
			watch(t, fd.sysfd, func(call sys.Call) error {
				if call == sys.CallConnect && c.n[call].Add(1) == 1 {
					return nil
				}
				return later(call)
			})
			connecting := async(func() error { return fd.Connect(context.Background(), address(t, l.sysfd), g) })
			for i := range 4 {
				eventually(t, "asked whether connected", func() bool { return c.of(sys.CallConnect) > i+1 })
				if i > 0 { // the first edge is the kernel's, when it is asked about writing
					parked(t, g, 0, 1)
					edge(fd, polldesc.Writable)
				}
			}
			ok(t, result(t, "Connect", connecting))
		}
	})
}

// Two SYNs that cross are no connection yet, though the socket has no error and knows its
// peer's name: the peer may hear nothing of us, and the kernel give up later.
func TestConnectHalfway(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, peer := socketFD(t), socketFD(t)
		for _, s := range []int{fd.sysfd, peer.sysfd} {
			ok(t, syscall.Bind(s, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		}
		deaf := []unix.SockFilter{{Code: unix.BPF_RET}} // lets no byte of any packet through
		ok(t, unix.SetsockoptSockFprog(peer.sysfd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &deaf[0]}))
		for _, err := range []error{
			sys.Connect(peer.sysfd, address(t, fd.sysfd)), // refused, which it does not hear: so it tries again, in a second
			sys.Connect(fd.sysfd, address(t, peer.sysfd)),
		} {
			if err != syscall.EINPROGRESS {
				t.Fatalf("connect: %v", err)
			}
		}
		ok(t, fd.Init(g))
		eventually(t, "the SYNs have crossed", func() bool {
			info, err := unix.GetsockoptTCPInfo(fd.sysfd, unix.IPPROTO_TCP, unix.TCP_INFO)
			ok(t, err)
			return info.State == unix.BPF_TCP_SYN_RECV
		})
		connecting := async(func() error { return fd.finishConnect(address(t, peer.sysfd)) })
		parked(t, g, 0, 1)
		edge(fd, polldesc.Writable)
		time.Sleep(time.Millisecond)
		parked(t, g, 0, 1)
		if len(connecting) > 0 {
			t.Fatalf("connected: %v", <-connecting)
		}
		fd.pd.Evict()
		if err := result(t, "Connect", connecting); err != net.ErrClosed {
			t.Errorf("Connect: %v", err)
		}
	})
}

// connect(2) interrupted by a signal goes on by itself; giving up would be wrong.
func TestConnectInterrupted(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		l, fd := listener(t, g), socketFD(t)
		sa := address(t, l.sysfd)
		var first atomic.Bool
		first.Store(true)
		watch(t, fd.sysfd, func(call sys.Call) error {
			if call == sys.CallConnect && first.CompareAndSwap(true, false) {
				if err := syscall.Connect(fd.sysfd, sa); err != syscall.EINPROGRESS {
					t.Errorf("connect: %v", err)
				}
				return syscall.EINTR
			}
			return nil
		})
		err := fd.Connect(context.Background(), sa, g)
		ok(t, err)
	})
}

// An error must not be taken for a connection.
func TestConnectFaults(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for call, want := range map[sys.Call]string{
			sys.CallConnect: "connect",
		} {
			l, fd := listener(t, g), socketFD(t)
			watch(t, fd.sysfd, firstFail(call, 1, syscall.ENOMEM))
			err := fd.Connect(context.Background(), address(t, l.sysfd), g)
			var e *os.SyscallError
			if !errors.As(err, &e) || e.Syscall != want || e.Err != syscall.ENOMEM {
				t.Errorf("%s: %v", want, err)
			}
			ok(t, fd.Close())
		}
	})
}

// A Connect that does not end with its context would hold up the dial.
func TestConnectContext(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		sa := fullListener(t)
		fd := socketFD(t)
		ctx, cancel := context.WithCancel(context.Background())
		connecting := async(func() error { return fd.Connect(ctx, sa, g) })
		parked(t, g, 0, 1)
		cancel()
		if err := result(t, "Connect", connecting); err != context.Canceled {
			t.Errorf("cancelled: %v", err)
		}
		ok(t, fd.Close())

		fd = socketFD(t)
		ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		connecting = async(func() error { return fd.Connect(ctx, sa, g) })
		if err := result(t, "Connect", connecting); err != context.DeadlineExceeded {
			t.Errorf("timed out: %v", err)
		}

		fd = socketFD(t)
		if err := fd.Connect(ctx, address(t, listener(t, g).sysfd), g); err != context.DeadlineExceeded {
			t.Errorf("over before it began: %v", err)
		}
	})
}

// Cancelling must leave either an error or a connection that works: one with a
// deadline in the past fails its first Write (golang/go#16523), and one from an event of
// an earlier, cancelled attempt has no peer (golang/go#19289).
func TestConnectCancelAtAnyMoment(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		l := listener(t, g)
		sa := address(t, l.sysfd)
		var accepting sync.WaitGroup
		accepting.Go(func() {
			var held []int // open for long enough that who connected finds a peer
			for {
				s, _, err := l.Accept()
				if err != nil {
					break
				}
				if held = append(held, s); len(held) > 50 {
					syscall.Close(held[0])
					held = held[1:]
				}
			}
			for _, s := range held {
				syscall.Close(s)
			}
		})
		made := 0
		for range 1500 {
			fd := socketFD(t)
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() {
				for range rand.N(100_000) { // timers are too coarse
				}
				cancel()
			})
			var err error
			returns(t, "Connect", func() { err = fd.Connect(ctx, sa, g) })
			wg.Wait()
			if err == nil {
				made++
				if _, err := syscall.Getpeername(fd.sysfd); err != nil {
					t.Fatalf("connected without a peer: %v", err)
				}
				if n, err := fd.Write([]byte("x")); n != 1 || err != nil {
					t.Fatalf("first Write = %d, %v", n, err)
				}
			} else if err != context.Canceled {
				t.Fatalf("Connect: %v", err)
			}
			cancel()
			ok(t, fd.SetsockoptLinger(syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}))
			ok(t, fd.Close())
		}
		t.Logf("%d of 1500 were made", made)
		l.Close()
		accepting.Wait()
	})
}

// A connection aborted in the queue, or a signal, is no reason for a server to stop;
// EMFILE is for its owner to handle, and the listener works on after it.
func TestAcceptFaults(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		l := listener(t, g)
		for _, c := range []struct {
			injected syscall.Errno
			want     error
		}{
			{syscall.ECONNABORTED, nil},
			{syscall.EINTR, nil},
			{syscall.EMFILE, syscall.EMFILE},
			{syscall.ENFILE, syscall.ENFILE},
			{syscall.EPROTO, syscall.EPROTO},
		} {
			fd := socketFD(t)
			err := fd.Connect(context.Background(), address(t, l.sysfd), g)
			ok(t, err)
			watch(t, l.sysfd, firstFail(sys.CallAccept, 3, c.injected))
			for range 3 {
				if c.want == nil {
					break
				}
				var e *os.SyscallError
				if _, _, err := l.Accept(); !errors.As(err, &e) || e.Syscall != "accept4" || e.Err != c.want {
					t.Errorf("Accept: %v, want %v", err, c.want)
				}
			}
			returns(t, "Accept", func() {
				s, _, err := l.Accept()
				ok(t, err)
				syscall.Close(s)
			})
		}
	})
}

// An edge-triggered listener tells once of a queue that holds many.
func TestAcceptManyAtOnce(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		l := listener(t, g)
		const n = 100
		for range n {
			err := socketFD(t).Connect(context.Background(), address(t, l.sysfd), g)
			ok(t, err)
		}
		for range n {
			returns(t, "Accept", func() {
				s, _, err := l.Accept()
				ok(t, err)
				syscall.Close(s)
			})
		}
		ok(t, l.SetReadDeadline(longAgo))
		if _, _, err := l.Accept(); err != os.ErrDeadlineExceeded {
			t.Errorf("Accept after its deadline: %v", err)
		}
	})
}

// If this fails, a connection that was dialed is taken for one that once hung up, and makes
// two system calls for each Read.
func TestConnectedHoldsTheRule(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		l := listening(t, 1)
		defer syscall.Close(l)
		other, _ := pair(t, g) // so that the reactor runs
		defer other.Close()
		for range 100 {
			fd := socketFD(t)
			err := fd.Connect(t.Context(), address(t, l), g)
			ok(t, err)
			sysfd, _, err := sys.OrdinaryCalls.Accept(l)
			ok(t, err)
			far := newPeer(t, sysfd)
			far.send("x")
			reads(t, fd, 8, "x")
			require.False(t, fd.pd.Exceptional())
			far.close()
			fd.Close()
		}
	})
}
