package list

var pollerLife = []Mutant{
	{
		Name: "the last descriptor goes and the reactor is not told",
		File: "poller/life_linux.go",
		Old: `	if p.life.idleSince.Swap(clock.Now()) == 0 {
		p.wake()
	}
`,
		New: `	p.life.idleSince.Swap(clock.Now())
`,
		Breaks: "a program that has closed its sockets has no goroutine of ours",
		Tests:  []string{searchPoller, "./poller -run TestReactorEnds"},
		Core:   true,
	},
	{
		Name: "what was noted while the reactor looked is cleared",
		File: "poller/life_linux.go",
		Old: `	p.life.idleSince.CompareAndSwap(since, 0) // if it fails, the time is another one: look then
	if p.cache.Open() > 0 {
		return false
	}
	p.life.running.Store(false)
`,
		New: `	if p.cache.Open() > 0 {
		p.life.idleSince.Store(0)
		return false
	}
	p.life.running.Store(false)
`,
		Breaks: "a program that has closed its sockets has no goroutine of ours",
		Tests:  []string{searchPoller, "./poller -run TestReactorEndRaces"},
		Core:   true,
	},
	{
		Name: "descriptors are counted, then it is said that no reactor runs",
		File: "poller/life_linux.go",
		Old:  `return p.cache.Open() == 0 || !p.life.running.CompareAndSwap(false, true)`, New: `return true`,
		Breaks: "a descriptor has a reactor",
		Tests:  []string{searchPoller, "./poller -run TestReactorEndRaces"},
		Core:   true,
	},
	{
		Name: "a reactor goes on beside one that was started",
		File: "poller/life_linux.go",
		Old:  `return p.cache.Open() == 0 || !p.life.running.CompareAndSwap(false, true)`,
		New: `if p.cache.Open() == 0 {
		return true
	}
	p.life.running.Store(true)
	return false`,
		Breaks: "who comes first decides whether this reactor goes on or another one follows it",
		Tests:  []string{searchPoller, "./poller -run TestReactorEndRaces"},
		Core:   true,
	},
	{
		Name: "two who register start two reactors",
		File: "poller/life_linux.go",
		Old: `	if p.life.running.CompareAndSwap(false, true) {
		time.AfterFunc(0, p.run)
	}
`,
		New: `	if !p.life.running.Load() {
		p.life.running.Store(true)
		time.AfterFunc(0, p.run)
	}
`,
		Breaks: "launch starts a reactor unless one runs",
		Tests:  []string{searchPoller},
	},
	{
		Name: "a reactor that is started in a bubble belongs to it",
		File: "poller/life_linux.go",
		Old: `	case clock.InBubble():
		outside(p.launch, p.life.running.Load)
`,
		New:    "",
		Breaks: "the reactor belongs to no bubble",
		Tests:  []string{"./internal/parity/waiting -run Bubble"},
	},
}
