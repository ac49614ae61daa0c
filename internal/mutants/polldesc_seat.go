package main

var polldescSeat = []Mutant{
	{
		Name: "a seat stays when its descriptor is free",
		File: "polldesc/seat.go",
		Old: `	if seat := s.seat.Swap(nil); seat != nil {
		(*seat).Close()
	}
`,
		New: `	_ = s.seat.Swap(nil)
`,
		Breaks: "leave gives the seat back",
		Tests:  []string{"./polldesc -skip TestSearch", "./poller -run TestSeat"},
		Core:   true,
	},
	{
		Name: "a seat is earned by any wake-up",
		File: "polldesc/seat.go",
		Old:  `	if e&Quiet != 0 {`, New: `	if true {`,
		Breaks: "earned: Quiet wake-ups in succession",
		Tests:  []string{"./polldesc -skip TestSearch", "./poller -run TestSeat"},
		Core:   true,
	},
	{
		Name:   "a quiet wake-up is not counted",
		File:   "polldesc/seat.go",
		Old:    `quiet = min(s.seating.quiet()+1, earned)`,
		New:    `quiet = s.seating.quiet()`,
		Breaks: "a seat is never earned",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name:   "a seat is never taken",
		File:   "polldesc/seat.go",
		Old:    `s.seating.set((*seat).Sit(), earned)`,
		New:    `s.seating.set(false, earned)`,
		Breaks: "Sit says where the owner parks",
		Tests:  []string{search},
		Core:   true,
	},
}
