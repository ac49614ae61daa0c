package resources

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

var exhaust = flag.Bool("exhaust", false, "use up fs.epoll.max_user_watches of an unused user id")

// The limit fs.epoll.max_user_watches is one for the machine, and counts for each user. To lower
// it would be felt by every process, and to use it up takes seconds and as much memory as the
// limit allows: 4 % of the machine's. So there are two kinds of children: one to which epoll refuses
// watches, by a filter or, of our sockets, by the hook of package sys; and one that uses the
// limit up.

// firstRefused is the first descriptor that the filter refuses. Those below are watches that
// there are, so to speak: a socket gets one if one is free.
const firstRefused = 64

// cannotFilter begins what the child prints where filters are not allowed.
const cannotFilter = "cannot filter system calls: "

// refused is the program of a child in which epoll says ENOSPC for high descriptors.
func refused(args []string) {
	time.Sleep(time.Millisecond) // Go's own poller is there; it would end the process
	var low []int
	fill := func() {
		for {
			fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
			must(err)
			if fd >= firstRefused {
				must(unix.Close(fd))
				return
			}
			low = append(low, fd)
		}
	}
	free := func() {
		for _, fd := range low {
			must(unix.Close(fd))
		}
		low = nil
	}
	if args[0] == "ours" {
		refusedInside()
		return
	}
	fill()
	if err := nettest.InstallFilter(refuseHigh()); err != nil {
		fmt.Print(cannotFilter, err)
		return
	}
	u := &use{child: child{sockets: sides[args[0]]}}
	for _, s := range steps {
		u.try(s.name, func() error { return s.call(u) }, free, fill)
	}
	u.print()
}

// refusedInside is refused for our sockets. Which ones get a watch is not known when they are
// opened, so their numbers cannot tell.
func refusedInside() {
	var free atomic.Bool
	sys.SetFault(func(call sys.Call, _ int) error {
		if call == sys.CallEpollCtl && !free.Load() {
			return unix.ENOSPC
		}
		return nil
	})
	u := &use{child: child{sockets: sides["ours"]}}
	for _, s := range steps {
		u.try(s.name, func() error { return s.call(u) }, func() { free.Store(true) }, func() { free.Store(false) })
	}
	u.print()
}

// refuseHigh returns a filter that lets epoll_ctl add no descriptors from firstRefused on.
func refuseHigh() []unix.SockFilter {
	// The number and the low halves of two arguments in struct seccomp_data.
	number, op, fd := uint32(0), uint32(24), uint32(32)
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		op, fd = op+4, fd+4
	}
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	otherwise := func(code uint16, k uint32, unless uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | code | unix.BPF_K, K: k, Jf: unless}
	}
	return []unix.SockFilter{
		load(number), otherwise(unix.BPF_JEQ, unix.SYS_EPOLL_CTL, 5),
		load(op), otherwise(unix.BPF_JEQ, unix.EPOLL_CTL_ADD, 3),
		load(fd), otherwise(unix.BPF_JGE, firstRefused, 1),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSPC)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
}

// usedUp is the program of a child that uses up the watches of its user, who is nobody else.
func usedUp(args []string) {
	limit := unix.Rlimit{Cur: 16000, Max: 16000}
	must(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	must(becomeNobody())
	time.Sleep(time.Millisecond)
	w := watchAll()
	u := &use{child: child{sockets: sides[args[0]]}}
	for _, s := range steps {
		u.try(s.name, func() error { return s.call(u) }, w.free, w.fill)
	}
	u.print()
}

// becomeNobody makes the process a user whose number nobody has.
func becomeNobody() error {
	uid := 1<<30 + os.Getpid()
	if _, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return os.ErrExist
	}
	return os.NewSyscallError("setuid", syscall.Setuid(uid))
}

// watches are all that a user may have.
type watches struct{ watched, epolls []int }

// watchAll watches until that is refused.
func watchAll() *watches {
	const descriptors = 4000
	w := new(watches)
	for range descriptors {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		must(err)
		w.watched = append(w.watched, fd)
	}
	w.fill()
	return w
}

// fill watches until that is refused.
func (w *watches) fill() {
	for {
		epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
		must(err)
		w.epolls = append(w.epolls, epfd)
		for _, fd := range w.watched {
			err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{})
			if err == unix.ENOSPC {
				return
			}
			must(err)
		}
	}
}

// free gives back the watches of two epoll instances, of which one may have none.
func (w *watches) free() {
	for range 2 {
		last := len(w.epolls) - 1
		must(unix.Close(w.epolls[last]))
		w.epolls = w.epolls[:last]
	}
}

// late are the calls that need a watch in package net. In ours, what first waits needs it.
var late = []string{"dial", "accept", "dial UDP"}

// If this fails, a program for which no watches are left gets another error from our sockets
// than from package net's, or at another time than the page says, or does not get on when there
// are some again.
func TestWatches(t *testing.T) {
	program := "refused"
	if *exhaust {
		program = "used up"
	}
	theirs, ours := outcomes(t, program, "net"), outcomes(t, program, "ours")
	require.Len(t, ours, len(theirs))
	noSpace, all := unix.ENOSPC.Error(), []string(nil)
	for i, o := range ours {
		switch n := theirs[i]; {
		case o.Call == "File": // package net makes it, of a socket that it watches for a moment
			if *exhaust {
				require.Equal(t, noSpace, o.Short)
			}
			o.Short = noSpace
		case slices.Contains(late, o.Call):
			require.Equal(t, noSpace, n.Short, o.Call)
			require.Empty(t, o.Short, o.Call)
		case o.Call == "exchange":
			require.Empty(t, n.Short)
			require.Equal(t, noSpace, o.Short)
		default:
			require.Equal(t, n, o, "package net's, and ours")
		}
		require.Empty(t, o.Again, o.Call)
		all = append(all, row(o.Call, orOK(theirs[i].Short), orOK(o.Short), orOK(o.Again)))
	}
	table(t, "Watches", all)
}
