package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	netpoller "github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A round is one set of connections, from nothing to nothing.
type round struct {
	t    *testing.T
	seed uint64
	rand *rand.Rand // of who sets the round up
	all  *figures
	dir  string // for sockets

	collects bool // garbage is collected, and connections may be forgotten

	groups    []*netpoller.PollerGroup // nil is the default
	listeners []listening
	couples   []*couple
	plays     []play // couples, and others

	over    chan struct{} // closed when wild connections have had enough
	dead    chan struct{} // closed when everybody is to end
	closing atomic.Bool   // a group is closed, or the round has failed: everything may fail
	once    sync.Once     // guards the closing of dead

	wg     sync.WaitGroup // of actors
	mu     sync.Mutex     // guards what follows
	actors map[*actor]bool
	failed bool
	later  []func()
}

// A play is what a few actors do together.
type play interface {
	start()
	done() chan struct{} // closed when they have ended
	check()              // after all have
}

func newRound(t *testing.T, seed uint64, all *figures) *round {
	r := &round{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 0)), all: all,
		over: make(chan struct{}), dead: make(chan struct{}), actors: make(map[*actor]bool)}
	var err error
	if r.dir, err = os.MkdirTemp("", "chaos"); err != nil {
		t.Fatal(err)
	}
	return r
}

// fail reports a failure of one actor.
func (a *actor) fail(format string, args ...any) {
	a.round.fail(fmt.Sprintf(format, args...)+"\n"+a.String(), strings.SplitN(a.name, ",", 2)[0])
}

// fail reports the first failure, with what those did last whose name begins so, and ends
// the round.
func (r *round) fail(what, about string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed {
		return
	}
	r.failed = true
	var b strings.Builder
	for a := range r.actors {
		if strings.HasPrefix(a.name, about) {
			fmt.Fprintln(&b, a)
		}
	}
	r.t.Errorf("%s\n%s%s\n%s", what, &b, r.describe(), r.command())
	r.die()
}

// command is what repeats the round.
func (r *round) command() string {
	return fmt.Sprintf("go test ./internal/chaos -v -seed %d -rounds 1", r.seed)
}

// die ends everybody, who may fail in any way from now on.
func (r *round) die() {
	r.closing.Store(true)
	r.once.Do(func() { close(r.dead) })
}

func (r *round) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "GOMAXPROCS %d, groups:", runtime.GOMAXPROCS(0))
	for _, g := range r.groups {
		if g == nil {
			fmt.Fprint(&b, " default")
		} else {
			fmt.Fprintf(&b, " %+v", g.Config())
		}
	}
	return b.String()
}

// run is the whole round.
func (r *round) run() {
	defer os.RemoveAll(r.dir)
	ended := make(chan struct{})
	defer close(ended)
	go r.watch(ended)
	runtime.GOMAXPROCS([]int{1, 2, 4}[r.rand.IntN(3)])
	r.collects = r.rand.IntN(2) == 0
	if !r.collects { // then what is forgotten stays open
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
	}
	before, goroutines := openFiles(r.t), runtime.NumGoroutine()
	r.makeGroups()
	r.listen()
	r.start()
	r.middle()
	r.finish()
	r.empty(before, goroutines)
	r.all.count("rounds", 1)
}

// makeGroups makes one to three, of which the default one may be one.
func (r *round) makeGroups() {
	for range 1 + r.rand.IntN(3) {
		if r.rand.IntN(4) == 0 {
			r.groups = append(r.groups, nil)
			continue
		}
		r.groups = append(r.groups, netpoller.NewPollerGroup(netpoller.PollerConfig{
			Pollers:        1 + r.rand.IntN(3),
			Strategy:       []netpoller.PollerStrategy{netpoller.PollerNested, netpoller.PollerThread}[r.rand.IntN(2)],
			MemoryMayFault: r.rand.IntN(6) == 0,
		}))
		r.all.count("groups", 1)
	}
}

// group returns one of the groups.
func (r *round) group(random *rand.Rand) *netpoller.PollerGroup {
	return r.groups[random.IntN(len(r.groups))]
}

// start makes the connections.
func (r *round) start() {
	for i := range 10 + r.rand.IntN(60) {
		c := r.newCouple(i + 1)
		r.couples = append(r.couples, c)
		r.plays = append(r.plays, c)
	}
	for i := range 5 + r.rand.IntN(20) {
		r.plays = append(r.plays, r.newEcho(1000+i))
	}
	for i := range r.rand.IntN(10) {
		r.plays = append(r.plays, r.newChurn(2000+i))
	}
	for i := range r.rand.IntN(15) {
		r.plays = append(r.plays, r.newIdle(3000+i))
	}
	for _, p := range r.plays {
		p.start()
	}
}

// middle lets time pass, and perhaps closes the groups.
func (r *round) middle() {
	d := time.Duration(r.rand.IntN(int(300 * time.Millisecond)))
	if r.rand.IntN(4) == 0 {
		time.Sleep(d)
		r.closing.Store(true)
		r.closeGroups()
		r.all.count("groups closed in the middle", 1)
		r.die()
	}
	time.Sleep(d)
	close(r.over)
}

// closeGroups closes all but the default one, and expects that nobody waits in them.
func (r *round) closeGroups() {
	for _, g := range r.groups {
		if g == nil {
			continue
		}
		if err := g.Close(); err != nil {
			r.fail(fmt.Sprintf("closing a group: %v", err), "group")
		}
		r.eventually("nobody waits in a closed group", func() string {
			if s := g.Stats(); s.ParkedReaders+s.ParkedWriters > 0 {
				return fmt.Sprintf("%+v", s)
			}
			return ""
		})
	}
}

// finish waits for all connections, then closes the listeners.
func (r *round) finish() {
	for _, p := range r.plays {
		<-p.done()
	}
	for _, l := range r.listeners {
		l.close()
	}
	r.wg.Wait()
	for _, p := range r.plays {
		p.check()
	}
	for _, f := range r.later {
		f()
	}
}

// afterwards has f run when all actors have ended.
func (r *round) afterwards(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.later = append(r.later, f)
}

// empty checks that nothing is left.
func (r *round) empty(before map[string]int, goroutines int) {
	for _, g := range append(r.groups, nil) { // the default one has the connections made of files
		r.eventually("nothing is left in a group", func() string {
			if g == nil {
				g = netpoller.DefaultPollerGroup()
			}
			if s := g.Stats(); s.Open+s.Timers+s.ParkedReaders+s.ParkedWriters > 0 {
				return fmt.Sprintf("%+v", s)
			}
			return ""
		})
	}
	r.sameFiles(before, "socket")
	r.closeGroups()
	r.eventually("no goroutine is left", func() string {
		if n := runtime.NumGoroutine(); n > goroutines {
			return fmt.Sprintf("%d goroutines, %d before", n, goroutines)
		}
		return ""
	})
	r.eventually("no pipe is left", func() string { // which a pool keeps until it is collected
		runtime.GC()
		if now := openFiles(r.t); now["pipe"] > before["pipe"] {
			return fmt.Sprintf("%v, %v before", now, before)
		}
		return ""
	})
	r.sameFiles(before, "anon_inode")
	r.sameFiles(before, "/")
}

// sameFiles checks that there are no more descriptors of a kind than there were.
func (r *round) sameFiles(before map[string]int, kind string) {
	r.eventually("no descriptor is left", func() string {
		if now := openFiles(r.t); now[kind] > before[kind] {
			return fmt.Sprintf("%v, %v before", now, before)
		}
		return ""
	})
}

// eventually waits until a condition says nothing any more.
func (r *round) eventually(what string, not func() string) {
	for end := time.Now().Add(nettest.Patience); not() != ""; time.Sleep(time.Millisecond) {
		if r.collects {
			runtime.GC() // which closes what was forgotten
		}
		if time.Now().After(end) {
			buf := make([]byte, 1<<22)
			r.fail(fmt.Sprintf("never: %s: %s\n%s", what, not(), buf[:runtime.Stack(buf, true)]), "")
			return
		}
	}
}

// openFiles counts the open descriptors by what they are.
func openFiles(t *testing.T) map[string]int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]int)
	for _, e := range entries {
		name, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(name, "/proc") {
			continue // the one that reads the directory
		}
		what, _, _ := strings.Cut(name, ":")
		if strings.HasPrefix(what, "/") {
			what = "/"
		}
		files[what]++
	}
	return files
}

// warmUp uses what keeps descriptors for good: the pollers of Go and of the default group.
func warmUp(t *testing.T) {
	ln, err := netpoller.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
}

// watch calls hung if the round does not end. It counts seconds that it has seen go by: a
// machine with much else to do may let the process rest for minutes.
func (r *round) watch(ended chan struct{}) {
	for range *hang / time.Second {
		select {
		case <-time.After(time.Second):
		case <-ended:
			return
		}
	}
	r.hung()
}

// hung reports who has not ended. The test cannot go on.
func (r *round) hung() {
	buf := make([]byte, 1<<24)
	stacks := buf[:runtime.Stack(buf, true)]
	r.mu.Lock()
	defer r.mu.Unlock()
	for a := range r.actors {
		fmt.Println(a)
	}
	panic(fmt.Sprintf("a round has not ended after %s\n%s\n%s\n%s", *hang, r.describe(), r.command(), stacks))
}
