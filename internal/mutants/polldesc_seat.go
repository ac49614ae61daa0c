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
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a seat is earned by any wake-up",
		File: "polldesc/seat.go",
		Old:  `	if e&Quiet != 0 {`, New: `	if true {`,
		Breaks: "earned: Quiet wake-ups in succession",
		Tests:  []string{search},
		Core:   true,
	},
}
