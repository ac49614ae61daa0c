package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errCannot says that system calls cannot be filtered here.
var errCannot = errors.New("this system does not let a process filter its system calls")

// quiet is how long a child that does nothing is given. A step that fails because of it is tried
// again with patience.
const (
	quiet    = 4 * time.Second
	patience = 10 * time.Second
	busy     = 3 * time.Second // of a processor's time is forever
)

// try runs steps over a stack with a fault, each to its end, and returns what became of
// them. After one that crashes or hangs the rest has a process of its own.
func try(o order, among []call) ([]report, error) {
	var all []report
	for failures := 0; len(o.Steps) > 0; {
		done, err := attempt(o, among)
		if err == errCannot || err != nil && (failures == 3 || strings.Contains(err.Error(), lostAnyway)) {
			return nil, err
		}
		if err != nil { // a machine that is busy has kept the program from its end
			failures++
			continue
		}
		all = append(all, done...)
		o.Steps = o.Steps[len(done):]
	}
	return all, nil
}

// attempt is one process. The last report is of the step that ended it, if one did.
func attempt(o order, among []call) (all []report, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	mine, theirs := ends[0], os.NewFile(uintptr(ends[1]), "child")
	defer unix.Close(mine)
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		theirs.Close()
		return nil, err
	}
	defer os.RemoveAll(dir)
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), orders+"="+string(text), "GOTRACEBACK=all")
	cmd.Dir = dir
	cmd.ExtraFiles = []*os.File{theirs}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return nil, err
	}
	in := &injector{among: among, errno: o.Errno, when: o.When, listener: -1}
	all, now := in.converse(mine)
	err = cmd.Wait()
	in.end()
	switch {
	case strings.Contains(stderr.String(), cannot):
		return nil, errCannot
	case len(all) == len(o.Steps) || err == nil && len(all) > 0:
		return all, nil
	case now == "":
		return nil, fmt.Errorf("child: %v\n%s", err, stderr.String())
	}
	crash := report{Step: now, Bad: "crash", Detail: stderr.String(), Tally: in.tally}
	if o.Inside { // and the child, which counts, is gone
		crash.Tally.Made = 1
	}
	if ctx.Err() != nil {
		crash.Bad = "hang"
	}
	return append(all, crash), nil
}

// An injector answers for one child.
type injector struct {
	among []call // that are counted; there is one if it fails
	errno syscall.Errno
	when  when

	listener int
	wg       sync.WaitGroup

	mu    sync.Mutex
	fails func(n int) bool // nil when not armed
	tally tally
}

// converse listens to a child until it is gone. now is the step it was at then.
func (in *injector) converse(fd int) (all []report, now string) {
	buf, oob := make([]byte, 64<<10), make([]byte, 64)
	for {
		n, oobn, _, _, err := unix.Recvmsg(fd, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return all, now
		}
		if oobn > 0 {
			in.begin(oob[:oobn])
			continue
		}
		verb, rest, _ := strings.Cut(string(buf[:n]), " ")
		reply := "ok"
		switch verb {
		case "arm":
			now = rest
			in.arm(in.when.schedule())
		case "disarm":
			text, _ := json.Marshal(in.arm(nil))
			reply = string(text)
		case "report":
			var r report
			if err := json.Unmarshal([]byte(rest), &r); err != nil {
				panic(err)
			}
			all = append(all, r)
			now = ""
		}
		unix.Send(fd, []byte(reply), unix.MSG_NOSIGNAL)
	}
}

// arm begins with another schedule, or with none, and returns what the last one did.
func (in *injector) arm(fails func(int) bool) (n tally) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n = in.tally
	if in.fails = fails; fails != nil {
		in.tally = newTally()
	}
	return n
}

// begin takes the descriptor that questions come from.
func (in *injector) begin(oob []byte) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		panic(err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		panic(err)
	}
	in.listener = fds[0]
	in.wg.Add(1)
	go func() {
		defer in.wg.Done()
		in.answer()
	}()
}

// end waits until nobody asks any more.
func (in *injector) end() {
	in.wg.Wait()
	if in.listener >= 0 {
		unix.Close(in.listener)
	}
}

// answer answers questions until all who could ask are gone.
func (in *injector) answer() {
	for {
		fds := []unix.PollFd{{Fd: int32(in.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != syscall.EINTR {
			panic(err)
		}
		switch {
		case fds[0].Revents&unix.POLLIN != 0:
		case fds[0].Revents&unix.POLLHUP != 0:
			return
		default:
			continue // a signal, too, makes poll return early, with POLLERR
		}
		var q question
		if ask(in.listener, &q) == nil {
			reply(in.listener, q.ID, in.decide(&q)) // fails if it was killed meanwhile
		}
	}
}

// decide returns the error that a call is to fail with, or 0.
func (in *injector) decide(q *question) syscall.Errno {
	for _, c := range in.among {
		if !c.meant(q) {
			continue
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.fails != nil && in.tally.fails(c.name, in.fails) {
			return in.errno
		}
		return 0
	}
	return 0
}

// meant reports whether a system call is one of c's.
func (c call) meant(q *question) bool {
	if c.op != anyOp && q.Args[1] != uint64(c.op) {
		return false
	}
	if !slices.ContainsFunc(c.system, func(name string) bool { nr, ok := numbers[name]; return ok && nr == uint32(q.NR) }) {
		return false
	}
	if c.on == "" {
		return true
	}
	if q.Args[0] == toParent {
		return false
	}
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", q.PID, int32(q.Args[0])))
	return err == nil && kindOf(link) == c.on
}

// stepsFor are the names of the steps that a stack can do.
func stepsFor(stack string) (names []string) {
	for _, s := range steps {
		if s.twins == nil || stack != "net" {
			names = append(names, s.name)
		}
	}
	return names
}

// numbersOf returns the numbers of a call's system calls, as far as the system has them.
func numbersOf(c call) (all []uint32) {
	for _, name := range c.system {
		if nr, ok := numbers[name]; ok {
			all = append(all, nr)
		}
	}
	slices.Sort(all)
	return all
}
