package list

var fdFdmutex = []Mutant{
	{
		Name: "the last one out of an open descriptor destroys it",
		File: "fd/fdmutex.go",
		Old: `		next := old - mutexRef
		if mu.state.CompareAndSwap(old, next) {
			return next&(mutexClosed|mutexRefs) == mutexClosed`,
		New: `		next := old - mutexRef
		if mu.state.CompareAndSwap(old, next) {
			return next&mutexRefs == 0`,
		Breaks: "the call that brings a closed word to refs = 0 must destroy the descriptor",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "every unlock after close destroys the descriptor",
		File: "fd/fdmutex.go",
		Old: `				mu.queue(m).release()
			}
			return next&(mutexClosed|mutexRefs) == mutexClosed`,
		New: `				mu.queue(m).release()
			}
			return next&mutexClosed != 0`,
		Breaks: "it happens exactly once",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "close takes no reference",
		File: "fd/fdmutex.go",
		Old:  `mu.state.CompareAndSwap(old, plusRef(next)) { // DOC: closed-bit`, New: `mu.state.CompareAndSwap(old, next) { // DOC: closed-bit`,
		Breaks: "close: closed, refs+1",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "close leaves the waiters on the count",
		File: "fd/fdmutex.go",
		Old:  `next := old&^(waiters(polldesc.Read)|waiters(polldesc.Write)) | mutexClosed`, New: `next := old | mutexClosed`,
		Breaks: "close: no waiters, wake all",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "close wakes one waiter a side",
		File: "fd/fdmutex.go",
		Old:  `for n := old & waiters(m); n != 0; n -= waiterOne(m) {`, New: `if old&waiters(m) != 0 {`,
		Breaks: "close: no waiters, wake all",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "close wakes the readers only",
		File: "fd/fdmutex.go",
		Old:  `for m := polldesc.Read; m <= polldesc.Write; m++ {`, New: `for m := polldesc.Read; m < polldesc.Write; m++ {`,
		Breaks: "close: no waiters, wake all",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a closed descriptor can be closed",
		File: "fd/fdmutex.go",
		Old: `		old = mu.state.Load()
		if old&mutexClosed != 0 {
			return false
		}
`,
		New: `		old = mu.state.Load()
`,
		Breaks: "close: open -> closed",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a closed descriptor can be referred to",
		File: "fd/fdmutex.go",
		Old: `		if old&mutexClosed != 0 {
			return false
		}
		if mu.state.CompareAndSwap(old, plusRef(old)) {`,
		New:    `		if mu.state.CompareAndSwap(old, plusRef(old)) {`,
		Breaks: "incref: open -> refs+1",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a closed descriptor can be locked",
		File: "fd/fdmutex.go",
		Old: `		case old&mutexClosed != 0:
			return false
		case old&lockBit(m) == 0:`,
		New:    `		case old&lockBit(m) == 0:`,
		Breaks: "lock: open, side free",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a lock takes no reference",
		File: "fd/fdmutex.go",
		Old:  `mu.state.CompareAndSwap(old, plusRef(old|lockBit(m))) {`, New: `mu.state.CompareAndSwap(old, old|lockBit(m)) {`,
		Breaks: "lock: side locked, refs+1",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a side is locked by a store",
		File: "fd/fdmutex.go",
		Old: `			if mu.state.CompareAndSwap(old, plusRef(old|lockBit(m))) { // DOC: side-lock
				return true
			}
`,
		New: `			mu.state.Store(plusRef(old | lockBit(m))) // DOC: side-lock
			return true
`,
		Breaks: "all transitions are compare-and-swap",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "both sides share a lock",
		File: "fd/fdmutex.go",
		Old:  `func lockBit(m polldesc.Mode) uint64   { return mutexLock << m }`, New: `func lockBit(m polldesc.Mode) uint64   { return mutexLock }`,
		Breaks: "a lock for each side",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "unlock wakes nobody",
		File: "fd/fdmutex.go",
		Old: `			if old&waiters(m) != 0 {
				mu.queue(m).release()
			}
`,
		New:    "",
		Breaks: "unlock: wake one",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "unlock leaves the waiter that it wakes on the count",
		File: "fd/fdmutex.go",
		Old: `		if old&waiters(m) != 0 {
			next -= waiterOne(m)
		}
`,
		New:    "",
		Breaks: "unlock: waiters-1",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "unlock wakes a waiter before the side is free",
		File: "fd/fdmutex.go",
		Old: `		if mu.state.CompareAndSwap(old, next) {
			if old&waiters(m) != 0 {
				mu.queue(m).release()
			}
			return next&`,
		New: `		if old&waiters(m) != 0 {
			mu.queue(m).release()
		}
		if mu.state.CompareAndSwap(old, next) {
			return next&`,
		Breaks: "unlock: side free, wake one",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "the waiters of the write side are counted on the read side",
		File: "fd/fdmutex.go",
		Old:  `return mutexWaiter << (20 * m)`, New: `return mutexWaiter << (0 * m)`,
		Breaks: "write waiters and read waiters have bits of their own",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a wake-up that nobody sleeps for yet is lost",
		File: "fd/fdmutex.go",
		Old: `		s.count++
		return
`,
		New: `		return
`,
		Breaks: "a semaphore counts wake-ups that were given and not yet taken",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a wake-up that was taken can be taken again",
		File: "fd/fdmutex.go",
		Old: `		s.count--
`,
		New:    "",
		Breaks: "a semaphore counts wake-ups that were given and not yet taken",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "the waiter that came last goes first",
		File: "fd/fdmutex.go",
		Old: `	s.waiters[0].Unlock()
	s.waiters[0] = nil
	s.waiters = s.waiters[1:]
`,
		New: `	last := len(s.waiters) - 1
	s.waiters[last].Unlock()
	s.waiters = s.waiters[:last]
`,
		Breaks: "the one that has waited longest first",
		Tests:  []string{searchMutex, "./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "a million and one references overflow",
		File: "fd/fdmutex.go",
		Old: `	if state&mutexRefs == mutexRefs {
		panic(tooMany)
	}
`,
		New:    "",
		Breaks: "golang/go#32544: too many concurrent operations panic",
		Tests:  []string{"./fd -run TestMutex"},
		Core:   true,
	},
	{
		Name: "the end of a context ends no wait for a lock",
		File: "fd/fdmutex.go",
		Old: `	if ctx.Done() != nil {
		defer`, New: `	if false {
		defer`,
		Breaks: "lockContext ends when ctx is done",
		Tests:  []string{"./fd -run TestContextEndsTheWaitForATurn"},
		Core:   true,
	},
	{
		Name: "a waiter that leaves stays on the count",
		File: "fd/fdmutex.go",
		Old:  `if mu.state.CompareAndSwap(old, old-waiterOne(m)) {`, New: `if mu.state.CompareAndSwap(old, old) {`,
		Breaks: "leave: waiters-1",
		Tests:  []string{searchMutex, "./fd -run TestContextEndsTheWaitForATurn"},
		Core:   true,
	},
	{
		Name: "a waiter that leaves takes another's wake-up with it",
		File: "fd/fdmutex.go",
		Old: `	if q := mu.queue(m); !q.remove(waiter) {
		q.release()
	}
`,
		New: `	mu.queue(m).remove(waiter)
`,
		Breaks: "leave: another gets the wake-up that it leaves over",
		Tests:  []string{searchMutex},
		Core:   true,
	},
	{
		Name: "a waiter leaves though its wake-up is on the way",
		File: "fd/fdmutex.go",
		Old: `		if old&waiters(m) == 0 {
			return // each goroutine that sleeps is being woken
		}
`,
		New: `		if old&waiters(m) == 0 {
			break
		}
`,
		Breaks: "leave: no waiter: its wake-up is on the way",
		Tests:  []string{searchMutex},
		Core:   true,
	},
	{
		Name: "a waiter that leaves wakes the longest waiter",
		File: "fd/fdmutex.go",
		Old: `	s.waiters = slices.Delete(s.waiters, i, i+1)
	waiter.Unlock()
`,
		New: `	waiter = s.waiters[0]
	s.waiters = s.waiters[1:]
	waiter.Unlock()
`,
		Breaks: "leave: then wake the waiter itself",
		Tests:  []string{searchMutex, "./fd -run TestContextEndsTheWaitForATurn"},
		Core:   true,
	},
}
