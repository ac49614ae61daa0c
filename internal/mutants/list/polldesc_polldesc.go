package list

var polldescPolldesc = []Mutant{
	{
		Name: "no check of info after announce",
		File: "polldesc/polldesc.go",
		Old:  `if err := pd.check(m); err != nil { // HB-1`, New: `if err := error(nil); err != nil { // HB-1`,
		Breaks: "HB-1",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Evict cancels before it publishes",
		File: "polldesc/polldesc.go",
		Old: `	pd.info.set(closing) // I5: before the words
	pd.note(tracer.Evict, tracer.Both, 0)
	pd.disarm()
	toWake := pd.cancel(Read, Write)
`,
		New: `	var toWake wakes
	for m := range pd.side {
		if pd.side[m].word.cancel() == parked {
			toWake |= 1 << m
		}
	}
	pd.note(tracer.Evict, tracer.Both, 0)
	pd.disarm()
	pd.info.set(closing)
`,
		Breaks: "HB-1, I5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Evict wakes nobody",
		File: "polldesc/polldesc.go",
		Old: `	toWake := pd.cancel(Read, Write)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// A wakes`,
		New: `	pd.cancel(Read, Write)
	pd.mu.Unlock()
}

// A wakes`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Evict wakes under the lock",
		File: "polldesc/polldesc.go",
		Old: `	pd.mu.Unlock()
	pd.wake(toWake)
}

// A wakes`,
		New: `	pd.wake(toWake)
	pd.mu.Unlock()
}

// A wakes`,
		Breaks: "no goroutine is unparked while mu is held; I7",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an owner relies on what is published",
		File: "polldesc/polldesc.go",
		Old:  `if due := pd.side[m].due.Load(); due != 0 && due <= pd.cache.env.Now() { // DOC: own-look`, New: `if false { // DOC: own-look`,
		Breaks: "D3",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Prepare forgets no edges",
		File: "polldesc/polldesc.go",
		Old:  `	was := pd.side[m].word.reset() // DOC: reset`, New: `	was := idle // DOC: reset`,
		Breaks: "HB-3",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Wait forgets edges before it looks",
		File: "polldesc/polldesc.go",
		Old: `		if s.word.consume() == actCall { // O2
			pd.step(m, tracer.O2, ready, idle)
			return false, nil
		}
`,
		New: `		s.word.consume()
`,
		Breaks: "I4, HB-3",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the waker gives its permit before its transition",
		File: "polldesc/polldesc.go",
		Old: `		was := pd.side[m].word.edge()
		pd.edges(gen, m, was, e)
		if was == parked {
			pd.cache.env.Policy.Woken(&pd.side[m])
			pd.side[m].unpark()`,
		New: `		if pd.side[m].word.waiting() {
			pd.cache.env.Policy.Woken(&pd.side[m])
			pd.side[m].unpark()
			was := pd.side[m].word.edge()
			pd.edges(gen, m, was, e)`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the policy is told after the permit was given",
		File: "polldesc/polldesc.go",
		Old: `			pd.cache.env.Policy.Woken(&pd.side[m])
			pd.side[m].unpark()
`,
		New: `			pd.side[m].unpark()
			pd.cache.env.Policy.Woken(&pd.side[m])
`,
		Breaks: "I7",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "facts are recorded after the words",
		File: "polldesc/polldesc.go",
		Old: `	if !pd.info.see(gen, e.facts()) { // DOC: facts-first
		pd.noteStale(gen, e)
		return 0, false
	}
	for m := Read; m <= Write; m++ {`,
		New: `	if life, _ := pd.info.load(); life != gen {
		return 0, false
	}
	defer pd.info.see(gen, e.facts()) // DOC: facts-first
	for m := Read; m <= Write; m++ {`,
		Breaks: "I6: a FIN that came with the data",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the owner chooses where to park after its commit",
		File: "polldesc/polldesc.go",
		Old: `	p := pd.choose(m)
	for {
		if parked, err := pd.park(m, p); !parked {
			return err
		}
`,
		New: `	for {
		if parked, err := pd.park(m, nil); !parked {
			return err
		}
		p := pd.choose(m)
		s.publish(p)
`,
		Breaks: "I2: the waker reads where after its transition",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the poller looks where the owner parks before it takes the word",
		File: "polldesc/polldesc.go",
		Old: `		was := pd.side[m].word.edge()
		pd.edges(gen, m, was, e)
		if was == parked {
			pd.cache.env.Policy.Woken(&pd.side[m])
			pd.side[m].unpark()
			woken++
		}
	}
	return woken, true`,
		New: `		p := pd.side[m].parker.Load()
		was := pd.side[m].word.edge()
		pd.edges(gen, m, was, e)
		if was == parked {
			pd.cache.env.Policy.Woken(&pd.side[m])
			(*p).Unpark()
			woken++
		}
	}
	return woken, true`,
		Breaks: "I3",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an operation begins without a look at info",
		File: "polldesc/polldesc.go",
		Old: `	if err := pd.check(m); err != nil {
		return err
	}
	if due`,
		New:    `	if due`,
		Breaks: "I5: a system call too many",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Prepare forgets the edge, then fails",
		File: "polldesc/polldesc.go",
		Old: `	if err := pd.checkClock(m); err != nil {
		return err
	}
	was := pd.side[m].word.reset() // DOC: reset
`,
		New: `	was := pd.side[m].word.reset() // DOC: reset
	if err := pd.checkClock(m); err != nil {
		return err
	}
`,
		Breaks: "I4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a stored edge counts for more than the deadline",
		File: "polldesc/polldesc.go",
		Old: `		if err := pd.checkClock(m); err != nil {
			return false, err
		}
		if s.word.consume() == actCall { // O2
			pd.step(m, tracer.O2, ready, idle)
			return false, nil
		}
`,
		New: `		if s.word.consume() == actCall { // O2
			pd.step(m, tracer.O2, ready, idle)
			return false, nil
		}
		if err := pd.checkClock(m); err != nil {
			return false, err
		}
`,
		Breaks: "D3",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a wait ends without an error",
		File: "polldesc/polldesc.go",
		Old: `		if pd.info.flags()&(closing|expired(m)|interrupted(m)) == 0 {
			continue
		}
`,
		New:    ``,
		Breaks: "a wake-up for nothing",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the second Evict keeps the lock",
		File: "polldesc/polldesc.go",
		Old: `	if pd.info.flags()&closing != 0 {
		pd.mu.Unlock()
		return
	}
	pd.info.set(closing)`,
		New: `	if pd.info.flags()&closing != 0 {
		return
	}
	pd.info.set(closing)`,
		Breaks: "a lock is held for good",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the policy is not told that a turn begins",
		File: "polldesc/polldesc.go",
		Old: `		pd.cache.env.Policy.Running(s)
`,
		New: `		_ = s
`,
		Breaks: "Policy.Running",
		Tests:  []string{"./polldesc -run TestPolicyChoosesEachTime"},
		Core:   true,
	},
}
