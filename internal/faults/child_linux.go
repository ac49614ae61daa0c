package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// An order is what a child is to do.
type order struct {
	Stack  string
	Steps  []string
	Errno  syscall.Errno // that is made
	System []uint32      // calls to ask the parent about
	Hook   sys.Call      // or to make fail itself, if Inside
	Inside bool
	When   when
	Quiet  time.Duration // without any work means that it hangs
	Busy   time.Duration // of work is too much
}

// orders is where a child finds its order.
const orders = "FAULTS_ORDER"

// toParent is the socket by which it talks to its parent: a packet that says what it is
// about to do, and waits for an answer.
const toParent = 3

// A tally is how many calls were made while a fault was armed, and how many failed.
type tally struct {
	Calls map[string]int // by name
	Made  int
}

func newTally() tally { return tally{Calls: make(map[string]int)} }

// fails counts a call, and reports whether it is to fail.
func (n *tally) fails(name string, schedule func(int) bool) bool {
	n.Calls[name]++
	if !schedule(n.Calls[name]) {
		return false
	}
	n.Made++
	return true
}

// A report is what became of a step.
type report struct {
	Step    string
	Trouble []trouble
	Bad     string // hang, spin, loss, leak, crash, stuck: see judge
	Detail  string
	Tally   tally
}

// child runs the program if this process is one that does, and does not return then.
func child() {
	text := os.Getenv(orders)
	if text == "" {
		return
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	if r, w, err := os.Pipe(); err == nil { // Go's own poller is there before a fault is
		r.Close()
		w.Close()
	}
	if len(o.System) > 0 {
		listener, err := install(o.System, toParent)
		if err != nil {
			fmt.Fprintln(os.Stderr, cannot, err)
			os.Exit(2)
		}
		if err := unix.Sendmsg(toParent, []byte{0}, unix.UnixRights(listener), nil, 0); err != nil {
			panic(err)
		}
		unix.Close(listener)
	}
	s := stacks()[o.Stack]()
	for _, name := range o.Steps {
		o.step(s, stepNamed(name))
	}
	os.Exit(0)
}

const (
	// cannot is what a child says that may not filter its system calls.
	cannot = "cannot filter system calls:"

	// lostAnyway is what a child says that has lost something before any fault. No machine is
	// so busy that this is a reason.
	lostAnyway = "lost without a fault: "
)

// say tells the parent something and returns its answer.
func say(text string) string {
	if err := unix.Send(toParent, []byte(text), 0); err != nil {
		panic(err)
	}
	buf := make([]byte, 4<<10)
	for {
		n, err := unix.Read(toParent, buf)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			os.Exit(3) // the parent is gone
		}
		return string(buf[:n])
	}
}

// step runs one step with the fault, once more without it, and looks what is left.
func (o order) step(s stack, st step) {
	r := report{Step: st.name}
	if !st.cold { // what is done once in a process is done
		if t, hung := o.trial(s, st); hung != "" || !t.quiet() || t.wrong != "" {
			what := "without a fault: "
			if t.wrong != "" {
				what = lostAnyway
			}
			panic(fmt.Sprint(what, hung, " ", t.op.Load(), t.trouble, t.wrong, "\n", stacksOf()))
		}
	}
	goroutines, fds := goroutinesLeft(), descriptors()
	disarm := o.arm(st.name)
	t, hung := o.trial(s, st)
	r.Tally = disarm()
	t.mu.Lock()
	r.Trouble = slices.Clone(t.trouble)
	if t.wrong != "" {
		r.Bad, r.Detail = "loss", t.wrong
	}
	t.mu.Unlock()
	switch {
	case hung != "":
		if r.Bad == "" { // what is lost is lost, whether or not the step ends
			r.Bad, r.Detail = hung, fmt.Sprint(t.op.Load(), "\n", stacksOf())
		}
		r.send()
		os.Exit(0)
	case r.Bad != "":
	default:
		again, hung := o.trial(s, st)
		if hung != "" {
			r.Bad, r.Detail = "stuck", fmt.Sprint(hung, " ", again.op.Load(), "\n", stacksOf())
			r.send()
			os.Exit(0)
		}
		if len(again.trouble) > 0 || again.wrong != "" {
			r.Bad, r.Detail = "stuck", fmt.Sprint(again.trouble, again.wrong)
		} else if left := o.left(s, goroutines, fds, r.Tally.Made); left != "" {
			r.Bad, r.Detail = "leak", left
		}
	}
	r.send()
}

func (r report) send() {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	say("report " + string(text))
}

// arm arms the fault, here or at the parent's, which is told in any case, and returns what ends
// that.
func (o order) arm(name string) (disarm func() tally) {
	say("arm " + name)
	if !o.Inside {
		return func() (n tally) {
			if err := json.Unmarshal([]byte(say("disarm")), &n); err != nil {
				panic(err)
			}
			return n
		}
	}
	var mu sync.Mutex
	n := newTally()
	fails := o.When.schedule()
	restore := sys.SetFault(func(call sys.Call, _ int) error {
		if call != o.Hook && o.When != never {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if n.fails("."+call.String(), fails) {
			return o.Errno
		}
		return nil
	})
	return func() tally {
		restore()
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// schedule returns which calls fail, counted from 1.
func (w when) schedule() func(n int) bool {
	if w == always {
		return func(int) bool { return true }
	}
	if seed, ok := strings.CutPrefix(string(w), string(random)); ok {
		rnd := rand.New(rand.NewPCG(1, uint64(len(seed))))
		return func(int) bool { return rnd.IntN(4) == 0 }
	}
	nth, _ := strconv.Atoi(string(w))
	return func(n int) bool { return n == nth }
}

// trial runs a step once in a directory of its own. hung says that it has not come to its
// end, and whether it works or waits: it waits if it does nothing for long.
func (o order) trial(s stack, st step) (t *trial, hung string) {
	const longest = time.Minute
	t = &trial{stack: s, errno: o.Errno}
	t.doing("begin")
	dir, err := os.MkdirTemp(".", "trial")
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		panic(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.run(st.run)
	}()
	const look = 50 * time.Millisecond
	start, cpu, idle := time.Now(), used(), time.Duration(0)
	for begin := cpu; hung == ""; {
		select {
		case <-done:
			if used()-begin > o.Busy/2 {
				return t, "spin"
			}
			os.Chdir("..")
			return t, ""
		case <-time.After(look):
		}
		now := used()
		if now-cpu > look/20 {
			idle = 0
		} else {
			idle += look
		}
		cpu = now
		switch {
		case idle >= o.Quiet:
			hung = "hang"
		case time.Since(start) > longest || used()-begin > o.Busy:
			hung = "spin"
		}
	}
	return t, hung
}

// used is the time that this process has computed.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func stacksOf() string {
	buf := make([]byte, 20<<10)
	return string(buf[:runtime.Stack(buf, true)])
}

// left says what is left of a trial after a while, if anything is. A socket whose close
// failed from outside was not closed.
func (o order) left(s stack, goroutines int, fds map[string]int, made int) (what string) {
	notClosed := 0
	if slices.Contains(o.System, numbers["close"]) {
		notClosed = made
	}
	for end := time.Now().Add(5 * o.Quiet); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		runtime.GC() // pipes are closed by it
		now := descriptors()
		switch {
		case runtime.NumGoroutine() > goroutines:
			what = fmt.Sprintf("%d goroutines, not %d\n%s", runtime.NumGoroutine(), goroutines, stacksOf())
		case now["socket"] > fds["socket"]+notClosed:
			what = fmt.Sprintf("%d sockets, not %d", now["socket"], fds["socket"])
		case now["pipe"] > fds["pipe"]:
			what = fmt.Sprintf("%d ends of pipes, not %d", now["pipe"], fds["pipe"])
		case now["eventpoll"] > 1+s.epolls:
			what = fmt.Sprintf("%d epoll instances, not %d", now["eventpoll"], 1+s.epolls)
		case now["eventfd"]-now["eventpoll"] > max(0, fds["eventfd"]-fds["eventpoll"]): // what wakes it, for each
			what = fmt.Sprintf("%d event descriptors for %d epoll instances", now["eventfd"], now["eventpoll"])
		case now["file"] > fds["file"]:
			what = fmt.Sprintf("%d files, not %d", now["file"], fds["file"])
		default:
			return ""
		}
	}
	return what
}

// goroutinesLeft counts goroutines when those that are about to end have ended.
func goroutinesLeft() int {
	least := runtime.NumGoroutine()
	for range 10 {
		time.Sleep(time.Millisecond)
		least = min(least, runtime.NumGoroutine())
	}
	return least
}

// descriptors counts what is open, by kind.
func descriptors() map[string]int {
	n := make(map[string]int)
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	for _, e := range dir {
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil {
			n[kindOf(to)]++
		}
	}
	return n
}

// kindOf returns what a link of /proc/self/fd is.
func kindOf(link string) string {
	switch name, rest, ok := strings.Cut(link, ":"); {
	case !ok:
		return "file"
	case name == "anon_inode":
		return strings.Trim(rest, "[]")
	default:
		return name
	}
}
