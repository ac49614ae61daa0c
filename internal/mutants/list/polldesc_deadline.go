package list

var polldescDeadline = []Mutant{
	{
		Name: "a deadline that has passed is published after the words are cancelled",
		File: "polldesc/deadline.go",
		Old: `			pd.deadlines[m].at = at
			pd.settle(m, now)
		}
	}
	toWake := pd.cancel(first, last)
`,
		New: `			pd.deadlines[m].at = at
		}
	}
	toWake := pd.cancel(first, last)
	if at != 0 || pd.hasDeadlines() {
		for m := first; m <= last; m++ {
			pd.settle(m, now)
		}
	}
`,
		Breaks: "HB-1, I5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Due wakes nobody",
		File: "polldesc/deadline.go",
		Old: `	toWake := pd.cancel(Read, Write)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// settle`,
		New: `	pd.cancel(Read, Write)
	pd.mu.Unlock()
}

// settle`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Due cancels the reader only",
		File: "polldesc/deadline.go",
		Old: `	toWake := pd.cancel(Read, Write)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// settle`,
		New: `	toWake := pd.cancel(Read, Read)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// settle`,
		Breaks: "D2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an arming that comes due is believed",
		File: "polldesc/deadline.go",
		Old: `			d.seq = 0
			pd.settle(m, now)
		}
	}
	toWake`,
		New: `			d.seq = 0
			pd.side[m].due.Store(d.due())
			pd.info.set(expired(m))
		}
	}
	toWake`,
		Breaks: "D1, HB-5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Due does not ask whose arming it is",
		File: "polldesc/deadline.go",
		Old:  `d.seq == seq { // DOC: stale-seq`, New: `d.seq != 0 { // DOC: stale-seq`,
		Breaks: "HB-5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Due compares the seq before it locks",
		File: "polldesc/deadline.go",
		Old: `	pd.mu.Lock()
	pd.noteDue(seq)
	for m := Read; m <= Write; m++ {
		if d := &pd.deadlines[m]; d.seq == seq { // DOC: stale-seq
			d.seq = 0
			pd.settle(m, now)
		}
	}
	toWake`,
		New: `	var mine [2]bool
	for m := range mine {
		mine[m] = pd.deadlines[m].seq == seq // DOC: stale-seq
	}
	pd.mu.Lock()
	for m := Read; m <= Write; m++ {
		if d := &pd.deadlines[m]; mine[m] {
			d.seq = 0
			pd.settle(m, now)
		}
	}
	toWake`,
		Breaks: "HB-5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a shared arming moves and one side stays behind",
		File: "polldesc/deadline.go",
		Old:  `if old != 0 && other.seq == old {`, New: `if false && old != 0 {`,
		Breaks: "D2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a later deadline is not looked at again",
		File: "polldesc/deadline.go",
		Old: `	if at != 0 {
		pd.guard(m, at)
	}`,
		New: `	if d := &pd.deadlines[m]; at != 0 && (d.seq != 0 || !pd.timed) {
		pd.guard(m, at)
	}`,
		Breaks: "D1",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an arming that is too late is kept",
		File: "polldesc/deadline.go",
		Old:  `if d.seq != 0 && d.when <= at { // DOC: later-is-a-store`, New: `if d.seq != 0 { // DOC: later-is-a-store`,
		Breaks: "D1",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "each later deadline is an arming",
		File: "polldesc/deadline.go",
		Old:  `if d.seq != 0 && d.when <= at { // DOC: later-is-a-store`, New: `if d.seq != 0 && d.when == at { // DOC: later-is-a-store`,
		Breaks: "setting a later deadline is a store",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "equal deadlines make two armings",
		File: "polldesc/deadline.go",
		Old:  `if other.seq != 0 && other.when == at { // DOC: shared-arming`, New: `if false { // DOC: shared-arming`,
		Breaks: "D2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a deadline is set in whatever life the slot has",
		File: "polldesc/deadline.go",
		Old:  `life != gen || f&closing != 0 {`, New: `life != gen && false || f&closing != 0 {`,
		Breaks: "HB-4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a deadline is set though the descriptor is closing",
		File: "polldesc/deadline.go",
		Old:  `life != gen || f&closing != 0 {`, New: `life != gen || false && f&closing != 0 {`,
		Breaks: "SetDeadline returns net.ErrClosed after Evict",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a limit is set though the descriptor is closing",
		File: "polldesc/deadline.go",
		Old: `	if pd.info.flags()&closing != 0 {
		pd.mu.Unlock()
		return
	}
	pd.makeDeadlines()
	pd.deadlines[m].limit`,
		New: `	pd.makeDeadlines()
	pd.deadlines[m].limit`,
		Breaks: "Evict takes the armings back",
		Tests:  []string{search, "./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "the life is compared before the lock",
		File: "polldesc/deadline.go",
		Old: `	pd.mu.Lock()
	// DOC: this-life
	if life, f := pd.info.load(); life != gen || f&closing != 0 { // HB-4; Evict comes before or after us
		pd.mu.Unlock()
		return net.ErrClosed
	}
`,
		New: `	// DOC: this-life
	if life, f := pd.info.load(); life != gen || f&closing != 0 { // HB-4; Evict comes before or after us
		return net.ErrClosed
	}
	pd.mu.Lock()
`,
		Breaks: "HB-4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a deadline that has passed is never taken back",
		File: "polldesc/deadline.go",
		Old:  `if pd.info.flags()&expired(m) != 0 {`, New: `if false {`,
		Breaks: "a deadline fails every operation until it is set again",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the later of deadline and limit counts",
		File: "polldesc/deadline.go",
		Old:  `d.limit != 0 && d.limit < d.at {`, New: `d.limit != 0 && d.limit > d.at {`,
		Breaks: "the earlier of the two counts",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Evict leaves the heap alone",
		File: "polldesc/deadline.go",
		Old: `		if pd.timed {
			pd.cache.heap.Disarm(&d.entry)
		}
`,
		New: `		_ = d.entry
`,
		Breaks: "Evict takes the armings back",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Evict forgets that the side was due",
		File: "polldesc/deadline.go",
		Old: `		d.at, d.limit, d.seq = 0, 0, 0
		pd.side[m].due.Store(0)
`,
		New: `		d.at, d.limit, d.seq = 0, 0, 0
`,
		Breaks: "Alloc opens a descriptor: no deadline",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "no deadline is guarded too",
		File: "polldesc/deadline.go",
		Old: `	if at != 0 {
		pd.guard(m, at)
	}
`,
		New: `	pd.guard(m, at)
`,
		Breaks: "D1: an arming that comes due forever",
		Tests:  []string{search},
		Core:   true,
	},
}
