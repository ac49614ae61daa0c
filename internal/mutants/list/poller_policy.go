package list

var pollerPolicy = []Mutant{
	{
		Name: "every batch is quiet",
		File: "poller/policy_linux.go",
		Old:  `quiet := n <= quietBatch`, New: `quiet := n <= maxEvents`,
		Breaks: "quietBatch",
		Tests:  []string{"./poller -run TestManyEventsEarnNoEventfd"},
	},
	{
		Name: "a batch is as quiet as the one before it",
		File: "poller/nested_linux.go",
		Old: `		w.parkers.batch(n, &w.yielder)
		others := w.kept.take(p, w.events[:n])
		woken = p.dispatch(others, arrived) || woken
`,
		New: `		others := w.kept.take(p, w.events[:n])
		woken = p.dispatch(others, arrived) || woken
		w.parkers.batch(n, &w.yielder)
`,
		Breaks: "batch begins the dispatch of n events",
		Tests:  []string{"./poller -run TestManyEventsEarnNoEventfd"},
	},
	{
		Name: "an eventfd is earned by any wake-up",
		File: "poller/policy_linux.go",
		Old:  `	if ps.quiet.Load() {`, New: `	if true {`,
		Breaks: "quietWakeups: in quiet batches",
		Tests:  []string{"./poller -run TestManyEventsEarnNoEventfd|TestPolicy"},
		Core:   true,
	},
	{
		Name: "a quiet wake-up is not counted",
		File: "poller/policy_linux.go",
		Old:  `m.quiet = min(m.quiet+1, quietWakeups)`, New: `m.quiet = min(m.quiet, quietWakeups)`,
		Breaks: "an eventfd is never earned",
		Tests:  []string{"./poller -run TestPolicy|TestEventfd"},
		Core:   true,
	},
	{
		Name: "an eventfd is earned one wake-up early",
		File: "poller/policy_linux.go",
		Old:  `	if m.quiet < quietWakeups {`, New: `	if m.quiet < quietWakeups-1 {`,
		Breaks: "quietWakeups",
		Tests:  []string{"./poller -run TestPolicy"},
		Core:   true,
	},
	{
		Name: "an owner never parks on its eventfd",
		File: "poller/policy_linux.go",
		Old: `	if !(*s.Spare).(*eventfd).chosen(begun) {
		return nil
	}
	return s.Spare
`,
		New: `	(*s.Spare).(*eventfd).chosen(begun)
	return nil
`,
		Breaks: "chosen says where the owner parks",
		Tests:  []string{"./poller -run TestPolicy", searchFD},
		Core:   true,
	},
	{
		Name: "many operations in one turn are a long turn",
		File: "poller/policy_linux.go",
		Old:  `int64(longTurn)*int64(max(1, begun))`, New: `int64(longTurn)`,
		Breaks: "longTurn: for each operation",
		Tests:  []string{"./poller -run TestLongTurn"},
	},
	{
		Name: "a turn in which no operation began is always long",
		File: "poller/policy_linux.go",
		Old:  `int64(longTurn)*int64(max(1, begun))`, New: `int64(longTurn)*int64(begun)`,
		Breaks: "longTurn: for each operation",
		Tests:  []string{"./poller -run TestLongTurn"},
	},
	{
		Name: "an eventfd that cannot be had is asked for each time",
		File: "poller/policy_linux.go",
		Old: `			m.quiet = 0 // there may be one later
`,
		New:    ``,
		Breaks: "a system call for nothing",
		Tests:  []string{"./poller -run TestPolicy"},
	},
	{
		Name: "an eventfd that could not be made counts",
		File: "poller/policy_linux.go",
		Old: `	ps.eventfds.Add(-1)
	return nil
`,
		New: `	return nil
`,
		Breaks: "golang/go#60782: a count that only grows",
		Tests:  []string{"./poller -run TestEventfd|TestNoEventfd|TestPolicy"},
	},
	{
		Name: "an eventfd that was closed counts",
		File: "poller/policy_linux.go",
		Old: `		s.Spare = nil
		ps.eventfds.Add(-1)`,
		New:    `		s.Spare = nil`,
		Breaks: "golang/go#60782: a count that only grows",
		Tests:  []string{"./poller -run TestEventfd"},
	},
	{
		Name: "an eventfd is never closed",
		File: "poller/policy_linux.go",
		Old: `		(*s.Spare).(*eventfd).close()
`,
		New:    ``,
		Breaks: "no descriptor is left",
		Tests:  []string{"./poller -run TestEventfd"},
	},
	{
		Name: "a slot begins with the count of an earlier life",
		File: "poller/policy_linux.go",
		Old: `	s.Memo.Store(0)
	if s.Spare != nil {`,
		New:    `	if s.Spare != nil {`,
		Breaks: "Release forgets a side",
		Tests:  []string{"./poller -run TestPolicy"},
	},
	{
		Name: "there is one eventfd more than there may be",
		File: "poller/policy_linux.go",
		Old:  `if ps.eventfds.Add(1) <= maxEventfds {`, New: `if ps.eventfds.Add(1) <= maxEventfds+1 {`,
		Breaks: "maxEventfds",
		Tests:  []string{"./poller -run TestEventfdsAreFew"},
	},
	{
		Name: "the count of wake-ups orders the owners of different connections",
		File: "poller/policy_linux.go",
		Old: `	race.Hide() // the reactor does not order the owners of different connections
	m := memoOf(s)
	if ps.quiet.Load() {
		m.quiet = min(m.quiet+1, quietWakeups)
	} else {
		m.quiet = 0
	}
	m.store(s)
	race.Show()
`,
		New: `	m := memoOf(s)
	if ps.quiet.Load() {
		m.quiet = min(m.quiet+1, quietWakeups)
	} else {
		m.quiet = 0
	}
	m.store(s)
	race.Hide()
	race.Show()
`,
		Breaks: "go test -race finds what it finds with package net",
		Tests:  []string{"-race ./internal/parity/memory -run TestRacyProgram"},
	},
}
