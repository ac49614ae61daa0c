package list

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
	if was = w.g.Swap(idle); was == parked {
		panic("polldesc: abort of a committed wait")
	}
	return was
`,
		New: `	if w.g.CompareAndSwap(idle, parked) {
		return actCheck
	}
...
	return actPark
...
	w.g.Store(idle)
	return idle
`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an edge is dropped when nobody waits",
		File: "polldesc/state.go",
		Old:  `	for was != ready && !w.g.CompareAndSwap(was, ready) { // E2; E1, E3, E4`, New: `	for was != ready && was != idle && !w.g.CompareAndSwap(was, ready) { // E2; E1, E3, E4`,
		Breaks: "HB-2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an edge is stored whatever the word is meanwhile",
		File: "polldesc/state.go",
		Old: `	for was != ready && !w.g.CompareAndSwap(was, ready) { // E2; E1, E3, E4
		was = w.g.Load()
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
		Old: `		case w.g.CompareAndSwap(was, idle): // U3, U4
			return was`,
		New: `		default: // U3, U4
			w.g.Store(idle)
			return was`,
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
		Old: `	if was = w.g.Swap(idle); was == parked {
		panic("polldesc: abort of a committed wait")
	}
	return was`,
		New: `	if was = w.g.Swap(idle); was == parked {
		panic("polldesc: abort of a committed wait")
	}
	return wait`,
		Breaks: "O5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a cancellation erases an edge",
		File: "polldesc/state.go",
		Old:  `case was == idle, was == ready: // U1, U2`, New: `case was == idle: // U1, U2`,
		Breaks: "U2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a stored edge is cancelled with a token",
		File: "polldesc/state.go",
		Old: `		case was == idle, was == ready: // U1, U2
			return was`,
		New: `		case was == ready:
			return parked
		case was == idle: // U1, U2
			return was`,
		Breaks: "I2",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "an owner that has announced is sent a token",
		File: "polldesc/polldesc.go",
		Old: `		pd.edges(gen, m, was, e)
		if was == parked {`,
		New: `		pd.edges(gen, m, was, e)
		if was == parked || was == wait {`,
		Breaks: "I2: one token for each commit",
		Tests:  []string{search},
		Core:   true,
	},
}
