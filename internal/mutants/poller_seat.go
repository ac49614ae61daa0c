package main

var pollerSeat = []Mutant{
	{
		Name: "a seat is taken before its token is given",
		File: "poller/seat_linux.go",
		Old:  `return c.MayTake() && sys.TakeNotify(s.fd) } // DOC: seat-token`, New: `return sys.TakeNotify(s.fd) } // DOC: seat-token`,
		Breaks:     "Claim: as long as MayTake reports false, no token has been given",
		Tests:      []string{"./poller -run TestSeat"},
		Equivalent: "MayTake saves a system call that would find nothing",
	},
	{
		Name: "a seat is touched after its token was given",
		File: "poller/seat_linux.go",
		Old: `	s.given.Store(clock.Now()) // for Take, after which nothing here is ours
	sys.Notify(s.fd)
`,
		New: `	sys.Notify(s.fd)
	s.given.Store(clock.Now())
`,
		Breaks:     "I7: Give touches nothing of the seat's after Take could return",
		Tests:      []string{"./poller -run TestSeat", "-race ./poller -run TestSeat"},
		Equivalent: "the seat is memory of its own, and at worst a turn is measured wrong once",
	},
	{
		Name: "a seat that could not be made counts",
		File: "poller/seat_linux.go",
		Old: `	all.taken.Add(-1)
	return nil
`,
		New: `	return nil
`,
		Breaks: "golang/go#60782: a count that only grows",
		Tests:  []string{"./poller -run TestSeat|TestNoSeat"},
	},
	{
		Name: "a seat that was closed counts",
		File: "poller/seat_linux.go",
		Old: `	s.file.Close()
	s.seats.taken.Add(-1)`,
		New:    `	s.file.Close()`,
		Breaks: "golang/go#60782: a count that only grows",
		Tests:  []string{"./poller -run TestSeat"},
	},
	{
		Name: "a seat is never closed",
		File: "poller/seat_linux.go",
		Old: `	s.file.Close()
	s.seats.taken.Add(-1)`,
		New:    `	s.seats.taken.Add(-1)`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./poller -run TestSeat"},
	},
	{
		Name: "there is one seat more than there may be",
		File: "poller/seat_linux.go",
		Old:  `if all.taken.Add(1) <= maxSeats {`, New: `if all.taken.Add(1) <= maxSeats+1 {`,
		Breaks: "maxSeats",
		Tests:  []string{"./poller -run TestSeatsAreFew"},
	},
}
