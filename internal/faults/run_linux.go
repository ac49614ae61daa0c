package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A result is what became of one fault in one step, over one of our stacks.
type result struct {
	fault  fault
	step   string
	stack  string
	theirs report
	ours   report
	is     verdict
}

// A runner runs faults. All its methods may be called from any goroutine.
type runner struct {
	steps int    // how many of the steps that a fault comes in are run; 0 is all
	step  string // the only one that is run; "" is all

	probing sync.Mutex
	counts  map[string]map[string]map[string]int // by stack, step and name: calls without a fault

	mu    sync.Mutex
	known map[string]report // of one call that failed, by all there is to know of it
}

func newRunner() *runner {
	return &runner{counts: make(map[string]map[string]map[string]int), known: make(map[string]report)}
}

// ourStacks are the stacks of ours that differ in how a call is made: the threads differ in
// how they wait.
func ourStacks(c call) []string {
	if slices.Contains(waits, strings.TrimPrefix(c.name, ".")) {
		return []string{"nested", "thread"}
	}
	return []string{"nested"}
}

// waits are the calls by which reactors wait and are woken.
var waits = []string{"EPOLL_CTL_ADD", "EPOLL_CTL_MOD", "EPOLL_CTL_DEL", "epoll_create1", "epoll_pwait", "epoll_pwait2",
	"eventfd2", "eventfd read", "eventfd write", "epoll_ctl", "notify"}

// orderOf returns what a child is to do.
func orderOf(f fault, stack string, steps []string, limit time.Duration) order {
	return order{Stack: stack, Steps: steps, Errno: f.errno, System: numbersOf(f.call), Inside: f.call.inside, Hook: f.call.hook,
		When: f.when, Quiet: limit, Busy: busy}
}

// made returns how often a call is made over a stack, by step.
func (r *runner) made(c call, stack string) (map[string]int, error) {
	r.probing.Lock()
	defer r.probing.Unlock()
	key := fmt.Sprint(stack, c.inside)
	if r.counts[key] == nil {
		counts, err := probe(stack, c.inside)
		if err != nil {
			return nil, err
		}
		r.counts[key] = counts
	}
	of := make(map[string]int)
	for step, n := range r.counts[key] {
		of[step] = n[c.name]
	}
	return of, nil
}

// probe counts the calls of every step over a stack, by name, while none fails.
func probe(stack string, inside bool) (map[string]map[string]int, error) {
	o := order{Stack: stack, Steps: stepsFor(stack), Inside: inside, When: never, Quiet: patience, Busy: busy}
	among := hooks()
	if !inside {
		among = calls
		for _, c := range calls {
			o.System = append(o.System, numbersOf(c)...)
		}
		slices.Sort(o.System)
		o.System = slices.Compact(o.System)
	}
	all, err := try(o, among)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]map[string]int)
	for _, rep := range all {
		if rep.rank() != whole {
			return nil, fmt.Errorf("%s over %s without a fault: %v", rep.Step, stack, rep)
		}
		counts[rep.Step] = rep.Tally.Calls
	}
	return counts, nil
}

// reached returns the steps in which a fault comes: those that make so many calls over
// ours.
func (r *runner) reached(f fault, stack string) (names []string, err error) {
	counts, err := r.made(f.call, stack)
	if err != nil {
		return nil, err
	}
	least := map[when]int{second: 2, fifth: 5}[f.when]
	for _, name := range stepsFor(stack) {
		if counts[name] >= max(1, least) && (r.step == "" || r.step == name) {
			names = append(names, name)
		}
	}
	if r.steps > 0 && len(names) > r.steps { // not the same ones for every fault
		from := int(f.errno) % (len(names) - r.steps + 1)
		names = names[from : from+r.steps]
	}
	return names, nil
}

// run runs a fault over package net and over ours, in every step that it comes in.
func (r *runner) run(f fault) (all []result, err error) {
	for _, stack := range ourStacks(f.call) {
		names, err := r.reached(f, stack)
		if err != nil {
			return nil, err
		}
		theirs, ours, err := both(f, stack, names, quiet)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			res := result{fault: f, step: name, stack: stack}
			if res.is, err = r.settle(f, stack, name, theirs, ours); err != nil {
				return nil, err
			}
			res.theirs, res.ours = lowest(theirs[name]), lowest(ours[name])
			all = append(all, res)
		}
	}
	return all, nil
}

// settle judges a step. A result that depends on luck must be bad luck with ours only, and what fails
// in one operation of the step is compared with what package net does in that operation:
// the fifth call of ours may be the fourth of theirs.
func (r *runner) settle(f fault, stack, name string, theirs, ours map[string][]report) (is verdict, err error) {
	is = judge(theirs[name], ours[name])
	if is == same || is == none || is == alone {
		return is, nil
	}
	for range 3 {
		t, o, err := both(f, stack, []string{name}, patience)
		if err != nil {
			return is, err
		}
		if len(theirs[name])+len(ours[name]) <= 2 { // the first ones had little time
			theirs[name], ours[name] = nil, nil
		}
		theirs[name] = append(theirs[name], t[name]...)
		ours[name] = append(ours[name], o[name]...)
		if is = judge(theirs[name], ours[name]); is != worse && is != better {
			return is, nil
		}
	}
	other, like := "net", lowest(ours[name])
	if is == better {
		other, like = stack, lowest(theirs[name])
	}
	found, err := r.elsewhere(f, other, name, like)
	if found {
		is = same
	}
	return is, err
}

// elsewhere reports whether a step over a stack ever ends like a report, whichever of its
// calls fails. Of package net it may be another step: one that does as much, or makes Go's
// own poller do what our reactor does.
func (r *runner) elsewhere(f fault, stack, name string, like report) (found bool, err error) {
	if f.call.inside {
		return false, nil
	}
	names := []string{name}
	if stack == "net" {
		if twins := stepNamed(name).twins; twins != nil {
			names = slices.Clone(twins)
		}
		if slices.Contains(waits, f.call.name) && name != waker {
			names = append(names, waker)
		}
	}
	counts, err := r.made(f.call, stack)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		times := []when{always, random, random + "'", random + "''"}
		for n := range min(counts[name]+1, 30) {
			times = append(times, when(strconv.Itoa(n+1)))
		}
		for _, at := range times {
			rep, err := r.once(fault{f.call, f.errno, at}, stack, name)
			if err != nil || rep.Tally.Made > 0 && rep.like(like) {
				return err == nil, err
			}
		}
	}
	return false, nil
}

// waker is the step that wakes the poller most often.
const waker = "deadlines"

// once runs a fault in a step over a stack, unless it did that before.
func (r *runner) once(f fault, stack, name string) (rep report, err error) {
	if !f.possible() {
		return rep, nil
	}
	key := fmt.Sprint(stack, " ", name, " ", f)
	r.mu.Lock()
	rep, known := r.known[key]
	r.mu.Unlock()
	if known {
		return rep, nil
	}
	all, err := try(orderOf(f, stack, []string{name}, quiet), []call{f.call})
	if err != nil {
		return rep, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[key] = all[0]
	return all[0], nil
}

// both runs steps over package net, as far as it can do them, and over ours.
func both(f fault, stack string, names []string, limit time.Duration) (theirs, ours map[string][]report, err error) {
	can := stepsFor("net")
	if f.call.inside {
		can = nil
	}
	common := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(can, name) })
	t, err := try(orderOf(f, "net", common, limit), []call{f.call})
	if err != nil {
		return nil, nil, err
	}
	o, err := try(orderOf(f, stack, names, limit), []call{f.call})
	if err != nil {
		return nil, nil, err
	}
	return byStep(t), byStep(o), nil
}

func byStep(all []report) map[string][]report {
	m := make(map[string][]report)
	for _, r := range all {
		m[r.Step] = append(m[r.Step], r)
	}
	return m
}

// lowest returns the report that counts.
func lowest(all []report) (low report) {
	for i, r := range all {
		if i == 0 || r.Tally.Made > 0 && r.rank() < low.rank() {
			low = r
		}
	}
	return low
}

// runAll runs faults, several at a time, and tells of each.
func (r *runner) runAll(all []fault, workers int, tell func(fault, []result)) error {
	work := make(chan fault)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range workers {
		wg.Go(func() {
			for f := range work {
				results, err := r.run(f)
				mu.Lock()
				if err != nil {
					fmt.Fprintln(os.Stderr, f, err)
					failed = errors.Join(failed, fmt.Errorf("%v: %w", f, err))
				}
				if err == nil {
					tell(f, results)
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range all {
		mu.Lock()
		stop := errors.Is(failed, errCannot)
		mu.Unlock()
		if stop {
			break
		}
		work <- f
	}
	close(work)
	wg.Wait()
	return failed
}
