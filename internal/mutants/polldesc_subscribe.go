package main

var polldescSubscribe = []Mutant{
	{
		Name: "Interrupt cancels before it publishes",
		File: "polldesc/subscribe.go",
		Old: `	pd.info.set(interrupted(m)) // I5: before the word
	owed := pd.cancel(m, m)
`,
		New: `	owed := debt(0)
	if pd.side[m].word.cancel() == actWake {
		owed |= 1 << m
	}
	pd.info.set(interrupted(m))
`,
		Breaks: "HB-1, I5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Subscribe that does not park leaves what to do",
		File: "polldesc/subscribe.go",
		Old: `	if parked, err = pd.park(m); !parked {
		s.resume.Store(nil)
	}
`,
		New: `	parked, err = pd.park(m)
`,
		Breaks: "the next owner parks on a token",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Subscribe says what to do after it has parked",
		File: "polldesc/subscribe.go",
		Old: `	s.resume.Store(resume)
	if parked, err = pd.park(m); !parked {
		s.resume.Store(nil)
	}
`,
		New: `	if parked, err = pd.park(m); parked {
		s.resume.Store(resume)
	}
`,
		Breaks: "resume is written before the commit",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Resumed leaves what to do",
		File: "polldesc/subscribe.go",
		Old: `	pd.side[m].resume.Store(nil)
	return pd`,
		New:    `	return pd`,
		Breaks: "the next owner parks on a token",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Resumed collects before it clears what to do",
		File: "polldesc/subscribe.go",
		Old: `	pd.side[m].resume.Store(nil)
	return pd.side[m].word.collect() == actCall // O6
`,
		New: `	edge = pd.side[m].word.collect() == actCall // O6
	pd.side[m].resume.Store(nil)
	return edge
`,
		Breaks:     "resume is written as seating is",
		Tests:      []string{search},
		Equivalent: "the waker reads it only after a commit, and the owner commits after both",
	},
	{
		Name: "Interrupt does not wake",
		File: "polldesc/subscribe.go",
		Old: `	owed := pd.cancel(m, m)
	pd.mu.Unlock()
	pd.pay(owed)
}

// Uninterrupt`,
		New: `	pd.cancel(m, m)
	pd.mu.Unlock()
}

// Uninterrupt`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
}
