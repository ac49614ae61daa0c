package list

var pollerGroup = []Mutant{
	{
		Name: "two who pick a Poller first make two",
		File: "poller/group_linux.go",
		Old: `	if p := slot.Load(); p != nil {
		return p, nil
	}
	p, err := newPoller(s)`,
		New:    `	p, err := newPoller(s)`,
		Breaks: "golang/go#22606: concurrent first use",
		Tests:  []string{"./poller -run TestConcurrentFirstUse"},
	},
	{
		Name: "a closed Group makes a Poller",
		File: "poller/group_linux.go",
		Old: `	if g.closed {
		return nil, ErrClosed
	}
`,
		New:    "",
		Breaks: "Pick: the error is ErrClosed",
		Tests:  []string{"./poller -run TestUseAfterClose|TestCloseOfAnIdleGroup"},
	},
	{
		Name:   "a descriptor that no nested instance may watch is refused",
		File:   "poller/group_linux.go",
		Old:    `if errors.Is(err, unix.EINVAL) && g.config.Strategy == Nested { // DOC: not-nested`,
		New:    `if false && errors.Is(err, unix.EINVAL) && g.config.Strategy == Nested { // DOC: not-nested`,
		Breaks: "fact g",
		Tests:  []string{"./poller -run TestWatchedByMany"},
	},
	{
		Name: "a Group leaves the Poller that is not nested open",
		File: "poller/group_linux.go",
		Old: `	g.closed = true
	for i := range g.pollers {`,
		New: `	g.closed = true
	for i := range g.config.Pollers {`,
		Breaks: "Close stops every reactor",
		Tests:  []string{"./poller -run TestWatchedByMany"},
	},
	{
		Name: "all descriptors go to one Poller",
		File: "poller/group_linux.go",
		Old:  `slot = &g.pollers[g.turn.Add(1)%uint32(n)]`, New: `slot = &g.pollers[g.turn.Load()%uint32(n)]`,
		Breaks: "descriptors are spread in turn",
		Tests:  []string{"./poller -run TestPickTakesTurns"},
	},
}
