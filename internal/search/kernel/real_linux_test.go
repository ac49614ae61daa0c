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
