package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// An actor is a goroutine that does one thing after another.
type actor struct {
	*round
	name string
	rand *rand.Rand
	done *figures // of its own, added to all when it ends

	mu    sync.Mutex // guards what follows, which a report reads
	steps int
	last  [8]step
}

// A step is an operation, its argument, and what came of it.
type step struct {
	op      string
	arg     int
	running bool
	n       int64
	err     error
}

func (s step) String() string {
	result := fmt.Sprintf("%d, %v", s.n, s.err)
	if s.running {
		result = "..."
	}
	return fmt.Sprintf("%s(%d) = %s", s.op, s.arg, result)
}

// act runs f in an actor of its own. Its choices are decided by the seed of the round, the
// number of what it belongs to, and its role there.
func (r *round) act(number, role int, name string, f func(a *actor)) {
	a := &actor{round: r, name: name, done: newFigures(),
		rand: rand.New(rand.NewPCG(r.seed, uint64(number)<<16|uint64(role)))}
	r.mu.Lock()
	r.actors[a] = true
	r.mu.Unlock()
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		defer func() {
			if v := recover(); v != nil {
				fmt.Println(a, r.command())
				panic(v)
			}
		}()
		f(a)
		r.all.add(a.done)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.actors, a)
	}()
}

// begin notes that an operation begins.
func (a *actor) begin(op string, arg int) {
	a.mu.Lock()
	a.steps++
	a.last[a.steps%len(a.last)] = step{op: op, arg: arg, running: true}
	a.mu.Unlock()
	a.done.ops[op]++
}

// end notes what came of it.
func (a *actor) end(n int64, err error) {
	a.mu.Lock()
	s := &a.last[a.steps%len(a.last)]
	s.running, s.n, s.err = false, n, err
	a.mu.Unlock()
	if err != nil {
		a.done.errs[kind(err)]++
	}
}

func (a *actor) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d steps:", a.name, a.steps)
	for i := max(1, a.steps-len(a.last)+1); i <= a.steps; i++ {
		fmt.Fprintf(&b, " %s;", a.last[i%len(a.last)])
	}
	return b.String()
}

// one reports true once in n times.
func (a *actor) one(n int) bool { return a.rand.IntN(n) == 0 }

// size returns a number from 1 to most, of which the small ones are as likely as the large.
func (a *actor) size(most int) int {
	n := 1
	for n < most && !a.one(8) {
		n *= 4
	}
	return 1 + a.rand.IntN(min(n, most))
}

// pause takes a while, mostly none.
func (a *actor) pause() {
	switch a.rand.IntN(16) {
	case 0:
		a.sleep(a.shortly())
	case 1, 2:
		for range a.rand.IntN(2000) {
		}
	}
}

// shortly is a time within which much happens.
func (a *actor) shortly() time.Duration {
	return time.Duration(a.size(int(3 * time.Millisecond)))
}

// sleep ends when the round does.
func (a *actor) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-a.dead:
	}
}

// await waits for a channel to be closed, or for the round to end.
func (a *actor) await(c chan struct{}) {
	select {
	case <-c:
	case <-a.dead:
	}
}
