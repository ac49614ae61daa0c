package list

var pollerTurns = []Mutant{
	{
		Name: "events that were kept are forgotten where the reactor looks at its deadlines",
		File: "poller/nested_linux.go",
		Old: `			w.kept.dispatch(p)
			return true // and`,
		New:    `			return true // and`,
		Breaks: "no event is lost",
		Tests:  []string{"./poller -run TestKeptEventsAreDispatched"},
		Core:   true,
	},
	{
		Name: "a drain ends with events that were kept",
		File: "poller/nested_linux.go",
		Old: `		switch {
		case w.kept.n > 0: // DOC: keep`,
		New: `		switch {
		case w.kept.n > 0 && n == len(w.events): // DOC: keep`,
		Breaks: "no event is lost",
		Tests:  []string{searchPoller, "./poller -run TestHeavyTurns"},
		Core:   true,
	},
	{
		Name: "events are kept as long as there are others",
		File: "poller/turns_linux.go",
		Old:  `others == 0 || clock.Now()-k.since > int64(k.limit)`, New: `others == 0`,
		Breaks: "keepFor",
		Tests:  []string{"./poller -run TestHeavyTurnsAreNotKeptForever"},
	},
	{
		Name: "events are kept though a yield took long",
		File: "poller/turns_linux.go",
		Old:  ` && (k.n > 0 || k.backoff.ready())`, New: ``,
		Breaks: "minUnkept",
		Tests:  []string{"./poller -run TestNoneIsKeptAfterALongYield"},
		Core:   true,
	},
	{
		Name: "no event is kept",
		File: "poller/turns_linux.go",
		Old:  `	return heavy == heavyTurns`, New: `	return heavy > heavyTurns`,
		Breaks: "owners with heavy turns run last",
		Tests:  []string{"./poller -run TestHeavyTurnsComeLast"},
		Core:   true,
	},
	{
		Name: "more events are kept than there is room for",
		File: "poller/turns_linux.go",
		Old:  `k.n < len(k.events) && `, New: ``,
		Breaks: "kept.take",
		Tests:  []string{"./poller -run TestHeavyTurns"},
		Core:   true,
	},
	{
		Name: "errors are kept",
		File: "poller/turns_linux.go",
		Old:  `ev.Events&^(unix.EPOLLIN|unix.EPOLLOUT) != 0 || token`, New: `token`,
		Breaks: "take keeps no error or hang-up",
		Tests:  []string{"./poller -run TestEventsThatAreNotKept"},
		Core:   true,
	},
	{
		Name: "one heavy turn is enough",
		File: "poller/policy_linux.go",
		Old:  `	heavyTurns = 2`, New: `	heavyTurns = 1`,
		Breaks: "heavyTurns",
		Tests:  []string{"./poller -run TestPolicyFindsHeavyTurns"},
		Core:   true,
	},
	{
		Name: "an owner with heavy turns has them permanently",
		File: "poller/turns_linux.go",
		Old: `	if turn < heavyTurn*time.Duration(max(1, begun)) {
		m.heavy = 0
	} else {`,
		New: `	if turn >= heavyTurn {
`,
		Breaks: "heavyTurns: in succession",
		Tests:  []string{"./poller -run TestPolicyFindsHeavyTurns"},
		Core:   true,
	},
	{
		Name: "every turn is measured",
		File: "poller/policy_linux.go",
		Old:  `!quiet && y.backoff.off()`, New: `!quiet`,
		Breaks: "two looks at the clock for nothing",
		Tests:  []string{"./poller -run TestPolicyFindsHeavyTurns"},
		Core:   true,
	},
}
