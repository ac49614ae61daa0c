package list

var pollerEventfd = []Mutant{
	{
		Name: "an eventfd is read before its permit is given",
		File: "poller/eventfd_linux.go",
		Old:  `return !s.Parked() && sys.TakeNotify(e.fd) } // DOC: eventfd-permit`, New: `return sys.TakeNotify(e.fd) } // DOC: eventfd-permit`,
		Breaks:     "while the owner is parked there is no permit",
		Tests:      []string{"./poller -run TestEventfd"},
		Equivalent: "Parked saves a system call that would find nothing",
	},
	{
		Name: "an eventfd is touched after its permit was given",
		File: "poller/eventfd_linux.go",
		Old: `	e.unparked.Store(clock.Now())
	sys.Notify(e.fd)
`,
		New: `	sys.Notify(e.fd)
	e.unparked.Store(clock.Now())
`,
		Breaks:     "I7: Unpark touches nothing of the parker once Park could return",
		Tests:      []string{"./poller -run TestEventfd", "-race ./poller -run TestEventfd"},
		Equivalent: "the eventfd is memory of its own, and at worst a turn is measured wrong once",
	},
	{
		Name: "an eventfd orders the owners of different connections",
		File: "poller/eventfd_linux.go",
		Old: `	race.Hide() // as for a channel: one reactor unparks the owners of all connections
	e.unparked.Store(clock.Now())
	sys.Notify(e.fd)
	race.Show()
`,
		New: `	e.unparked.Store(clock.Now())
	sys.Notify(e.fd)
	race.Hide()
	race.Show()
`,
		Breaks: "go test -race finds what it finds with package net",
		Tests:  []string{"-race ./internal/parity/memory -run TestRacyProgram"},
	},
}
