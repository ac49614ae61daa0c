package main

var polldescParker = []Mutant{
	{
		Name: "the parker of the last wait is kept",
		File: "polldesc/parker.go",
		Old:  `	if s.parker.Load() != p {`, New: `	if s.parker.Load() == nil {`,
		Breaks: "the waker reads the parker that the owner chose",
		Tests:  []string{search, "./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "an owner publishes its parker before it announces",
		File: "polldesc/polldesc.go",
		Old: `		if s.word.announce() == actRecheck { // O3
			continue
		}
		s.publish(p)
`,
		New: `		s.publish(p)
		if s.word.announce() == actRecheck { // O3
			continue
		}
`,
		Breaks: "a second owner changes nothing before it panics",
		Tests:  []string{"./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "the policy is not asked",
		File: "polldesc/parker.go",
		Old:  `	p := c.env.Policy.Choose(s) // DOC: choose`, New: `	var p *Parker`,
		Breaks: "Choose returns the parker of the coming wait",
		Tests:  []string{search, "./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "a side gets a channel that it does not need",
		File: "polldesc/parker.go",
		Old: `	if p == nil {
		p = s.own(c)
	}
`,
		New: `	if own := s.own(c); p == nil {
		p = own
	}
`,
		Breaks: "made by the owner before its first commit that needs one",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a channel is made for each wait",
		File: "polldesc/parker.go",
		Old:  `	if s.channel == nil {`, New: `	if true {`,
		Breaks: "kept for the life of the slot",
		Tests:  []string{"./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "a parker stays when its descriptor is free",
		File: "polldesc/cache.go",
		Old: `		c.env.Policy.Release(&pd.side[m])
`,
		New:    ``,
		Breaks: "Release is called when the descriptor is free",
		Tests:  []string{"./polldesc -skip TestSearch", "./poller -run TestEventfd"},
		Core:   true,
	},
	{
		Name: "a free side keeps the parker of its last owner",
		File: "polldesc/cache.go",
		Old: `		pd.side[m].parker.Store(nil)
`,
		New:    ``,
		Breaks: "what the parker refers to is garbage",
		Tests:  []string{search, "./polldesc -skip TestSearch"},
		Core:   true,
	},
}
