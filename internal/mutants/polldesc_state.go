package main

var polldescState = []Mutant{
	{
		Name: "three states: no wait, and no drain on abort",
		File: "polldesc/state.go",
		Old: `	if w.g.CompareAndSwap(idle, wait) {
		return actCheck
	}
...
	if w.g.CompareAndSwap(wait, parked) {
		return actPark
	}
	return actCollect
...
	switch w.g.Swap(idle) {
	case wait, idle:
		return actFail
	case ready:
		return actCall
	}
	panic("polldesc: abort of a committed wait")
`,
		New: `	if w.g.CompareAndSwap(idle, parked) {
		return actCheck
	}
...
	return actPark
...
	w.g.Store(idle)
	return actFail
`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an edge is dropped when nobody waits",
		File: "polldesc/state.go",
		Old:  `	for s != ready && !w.g.CompareAndSwap(s, ready) { // E2; E1, E3, E4`, New: `	for s != ready && s != idle && !w.g.CompareAndSwap(s, ready) { // E2; E1, E3, E4`,
		Breaks: "HB-2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an edge is stored whatever the word is meanwhile",
		File: "polldesc/state.go",
		Old: `	for s != ready && !w.g.CompareAndSwap(s, ready) { // E2; E1, E3, E4
		s = w.g.Load()
	}
`,
		New: `	w.g.Store(ready)
`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a cancellation stores",
		File: "polldesc/state.go",
		Old: `		case w.g.CompareAndSwap(s, idle): // U3, U4
			return wakeIf(s)`,
		New: `		default: // U3, U4
			w.g.Store(idle)
			return wakeIf(s)`,
		Breaks: "I2, I4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a commit stores",
		File: "polldesc/state.go",
		Old: `	if w.g.CompareAndSwap(wait, parked) {
		return actPark
	}
	return actCollect`,
		New: `	w.g.Store(parked)
	return actPark`,
		Breaks: "I2, HB-2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a commit from idle too",
		File: "polldesc/state.go",
		Old:  `if w.g.CompareAndSwap(wait, parked) {`, New: `if w.g.CompareAndSwap(wait, parked) || w.g.CompareAndSwap(idle, parked) {`,
		Breaks: "O4, I5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the owner spins instead of parking",
		File: "polldesc/state.go",
		Old: `	if w.g.CompareAndSwap(wait, parked) {
		return actPark
	}
	return actCollect`,
		New: `	w.g.CompareAndSwap(wait, idle)
	return actCollect`,
		Breaks: "O4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "collect erases an edge",
		File: "polldesc/state.go",
		Old: `	case ready:
		return actCall
	case idle:
		return actRecheck
	}`,
		New: `	case ready, idle:
		return actRecheck
	}`,
		Breaks: "I4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "collect takes a cancellation for an edge",
		File: "polldesc/state.go",
		Old: `	case ready:
		return actCall
	case idle:
		return actRecheck
	}`,
		New: `	case ready, idle:
		return actCall
	}`,
		Breaks: "O6",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "abort erases an edge",
		File: "polldesc/state.go",
		Old: `	case wait, idle:
		return actFail
	case ready:
		return actCall
	}`,
		New: `	case wait, idle, ready:
		return actFail
	}`,
		Breaks: "O5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a cancellation erases an edge",
		File: "polldesc/state.go",
		Old:  `case s == idle, s == ready: // U1, U2`, New: `case s == idle: // U1, U2`,
		Breaks: "U2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a stored edge is cancelled with a token",
		File: "polldesc/state.go",
		Old: `		case s == idle, s == ready: // U1, U2
			return actNone`,
		New: `		case s == ready:
			return actWake
		case s == idle: // U1, U2
			return actNone`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "who announces is sent a token",
		File: "polldesc/state.go",
		Old: `	if s == parked {
		return actWake`,
		New: `	if s == parked || s == wait {
		return actWake`,
		Breaks: "I2: one token for each commit",
		Tests:  []string{search},
		Core:   true,
	},
}
