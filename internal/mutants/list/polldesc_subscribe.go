package list

var polldescSubscribe = []Mutant{
	{
		Name: "Interrupt cancels before it publishes",
		File: "polldesc/subscribe.go",
		Old: `	pd.info.set(interrupted(m)) // I5: before the word
	pd.note(tracer.Interrupt, uint8(m), 0)
	toWake := pd.cancel(m, m)
`,
		New: `	toWake := wakes(0)
	if pd.side[m].word.cancel() == parked {
		toWake |= 1 << m
	}
	pd.note(tracer.Interrupt, uint8(m), 0)
	pd.info.set(interrupted(m))
`,
		Breaks: "HB-1, I5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Subscribe publishes its parker after it has parked",
		File: "polldesc/subscribe.go",
		Old: `	if parked, err = pd.park(m, p); !parked {
		pd.side[m].publish(nil) // the side must not keep the owner from the garbage collector
	}
`,
		New: `	if parked, err = pd.park(m, nil); parked {
		pd.side[m].publish(p)
	}
`,
		Breaks: "the parker is written before the commit",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Subscribe that does not park leaves its parker",
		File: "polldesc/subscribe.go",
		Old: `	if parked, err = pd.park(m, p); !parked {
		pd.side[m].publish(nil) // the side must not keep the owner from the garbage collector
	}
`,
		New: `	parked, err = pd.park(m, p)
`,
		Breaks: "the side must not keep the owner from the garbage collector",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Resumed leaves the parker",
		File: "polldesc/subscribe.go",
		Old: `	pd.side[m].publish(nil)
`,
		New:    ``,
		Breaks: "the side must not keep the owner from the garbage collector",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Resumed finds an edge whatever woke the owner",
		File: "polldesc/subscribe.go",
		Old:  `	return pd.collect(m) == actCall // O6`, New: `	pd.collect(m) // O6
	return true`,
		Breaks: "false where Wait would have begun again",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Interrupt does not wake",
		File: "polldesc/subscribe.go",
		Old: `	toWake := pd.cancel(m, m)
	pd.mu.Unlock()
	pd.wake(toWake)
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
