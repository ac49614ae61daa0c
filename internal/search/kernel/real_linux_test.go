package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// A twin is a connection and an epoll instance of this kernel, and the same of the real one.
type twin struct {
	*Machine
	ours, oursEpoll       int
	theirs, peer, theirEp int
	ended                 bool
}

func newTwin(t *testing.T) *twin {
	tw := &twin{Machine: Boot(nil)}
	tw.ours = tw.Socket(Packets, 100)
	var err error
	tw.oursEpoll, err = EpollCreate()
	require.NoError(t, err)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	require.NoError(t, err)
	tw.theirs, tw.peer = pair[0], pair[1]
	tw.theirEp, err = sys.EpollCreate()
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, fd := range []int{tw.theirs, tw.peer, tw.theirEp} {
			unix.Close(fd)
		}
	})
	return tw
}

const reads = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET

// do does one thing to both, and returns what each says.
func (tw *twin) do(rng *rand.Rand) (what string, ours, theirs any) {
	n := 1 + rng.IntN(3)
	switch rng.IntN(8) {
	case 0:
		return "add", EpollAdd(tw.oursEpoll, tw.ours, reads, 7, 8) == nil, sys.EpollAdd(tw.theirEp, tw.theirs, reads, 7, 8) == nil
	case 1:
		const more = reads | unix.EPOLLOUT
		return "modify for room", EpollModify(tw.oursEpoll, tw.ours, more, 7, 8) == nil, sys.EpollModify(tw.theirEp, tw.theirs, more, 7, 8) == nil
	case 2:
		return "modify", EpollModify(tw.oursEpoll, tw.ours, reads, 7, 8) == nil, sys.EpollModify(tw.theirEp, tw.theirs, reads, 7, 8) == nil
	case 3:
		if rng.IntN(3) == 0 {
			EpollDelete(tw.oursEpoll, tw.ours)
			_ = sys.EpollDelete(tw.theirEp, tw.theirs) // which may not be registered
		}
		return "delete", nil, nil
	case 4:
		if !tw.ended {
			tw.Arrive(tw.ours, n, 0)
			unix.Write(tw.peer, make([]byte, n))
		}
		return "data", nil, nil
	case 5:
		if tw.ended = tw.ended || rng.IntN(4) == 0; tw.ended {
			tw.Arrive(tw.ours, 0, EOF)
			unix.Shutdown(tw.peer, unix.SHUT_WR)
		}
		return "the end", nil, nil
	case 6:
		got, err := RawCalls.RecvFrom(tw.ours, make([]byte, n), nil)
		want, realErr := sys.RawCalls.RecvFrom(tw.theirs, make([]byte, n), nil)
		return "read", fmt.Sprint(got, err), fmt.Sprint(want, realErr)
	default:
		got, want := make([]EpollEvent, 4), make([]EpollEvent, 4)
		got = got[:EpollPoll(tw.oursEpoll, got)]
		want = want[:sys.EpollPoll(tw.theirEp, want)]
		return "fetch", fmt.Sprint(got), fmt.Sprint(want)
	}
}

// If this failed, a search would find what no kernel does, or miss what the real one does.
func TestRealKernel(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 1))
		tw := newTwin(t)
		var done []string
		for range 30 {
			what, ours, theirs := tw.do(rng)
			done = append(done, what)
			require.Equal(t, theirs, ours, "seed %d: %q", seed, done)
		}
	}
}

// If this failed, the simulated kernel would tell of a connection that broke otherwise than the
// real one does.
func TestRealReset(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 2))
		ours, theirs, done := brokenTwins(t, rng.IntN(3))
		var made []string
		for range 6 {
			what, got, want := "", "", ""
			switch rng.IntN(4) {
			case 0:
				what = "read"
				n, err := RawCalls.Read(ours, make([]byte, 2))
				m, realErr := sys.RawCalls.RecvFrom(theirs, make([]byte, 2), nil)
				got, want = fmt.Sprint(n, err), fmt.Sprint(max(0, m), realErr)
			case 1:
				what = "write"
				_, err := RawCalls.SendTo(ours, make([]byte, 1), nil)
				_, realErr := sys.RawCalls.SendTo(theirs, make([]byte, 1), nil)
				got, want = fmt.Sprint(err), fmt.Sprint(realErr)
			case 2:
				what = "poll"
				is, errored, _ := Readable(ours)
				reallyIs, reallyErrored, _ := sys.Readable(theirs)
				got, want = fmt.Sprint(is, errored), fmt.Sprint(reallyIs, reallyErrored)
			default:
				what = "poll for room"
				is, errored, _ := Writable(ours)
				reallyIs, reallyErrored, _ := sys.Writable(theirs)
				got, want = fmt.Sprint(is, errored), fmt.Sprint(reallyIs, reallyErrored)
			}
			made = append(made, what)
			require.Equal(t, want, got, "seed %d: %q", seed, made)
		}
		done()
	}
}

// brokenTwins returns a simulated TCP connection and a real one, to which so many bytes and then
// a RST have come.
func brokenTwins(t *testing.T, bytes int) (ours, theirs int, done func()) {
	m := Boot(nil)
	ours = m.Socket(TCP, 100)
	m.Arrive(ours, bytes, 0)
	m.Arrive(ours, 0, Reset)

	ln, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Bind(ln, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(ln, 1))
	name, err := unix.Getsockname(ln)
	require.NoError(t, err)
	theirs, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Connect(theirs, name))
	require.NoError(t, unix.SetNonblock(theirs, true))
	peer, _, err := unix.Accept(ln)
	require.NoError(t, err)
	unix.Write(peer, make([]byte, bytes))
	require.NoError(t, unix.SetsockoptLinger(peer, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	require.NoError(t, unix.Close(peer))
	p := []unix.PollFd{{Fd: int32(theirs)}} // for a hang-up
	for n := 0; n == 0 || err == unix.EINTR; n, err = unix.Poll(p, 1000) {
	}
	require.NoError(t, err)
	return ours, theirs, func() { unix.Close(ln); unix.Close(theirs) }
}
