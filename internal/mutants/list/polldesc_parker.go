package list

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
		pd.step(m, tracer.O3, idle, wait)
		s.publish(p)
`,
		New: `		s.publish(p)
		if s.word.announce() == actRecheck { // O3
			continue
		}
		pd.step(m, tracer.O3, idle, wait)
`,
		Breaks: "a second owner changes nothing before it panics",
		Tests:  []string{"./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "operations are not counted",
		File: "polldesc/polldesc.go",
		Old: `	if pd.begun[m] < math.MaxUint8 {
		pd.begun[m]++
	}
`,
		New:    ``,
		Breaks: "Choose learns how many operations the owner has begun",
		Tests:  []string{"./polldesc -run TestPolicyKnows"},
	},
	{
		Name: "the count of operations begins anew after too many",
		File: "polldesc/polldesc.go",
		Old:  `	if pd.begun[m] < math.MaxUint8 {`, New: `	if true {`,
		Breaks: "Choose learns how many operations the owner has begun",
		Tests:  []string{"./polldesc -run TestPolicyKnows"},
	},
	{
		Name: "operations before the last wait are counted",
		File: "polldesc/parker.go",
		Old: `	pd.begun[m] = 0
`,
		New:    ``,
		Breaks: "since its last Wait",
		Tests:  []string{"./polldesc -run TestPolicyKnows"},
	},
	{
		Name: "the policy is not asked",
		File: "polldesc/parker.go",
		Old:  `	p := pd.cache.env.Policy.Choose(s, int(pd.begun[m])) // DOC: choose`, New: `	var p *Parker`,
		Breaks: "Choose returns the parker of the coming wait",
		Tests:  []string{search, "./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "a side gets a channel that it does not need",
		File: "polldesc/parker.go",
		Old: `	if p == nil {
		p = s.own(pd.cache)
	}
`,
		New: `	if own := s.own(pd.cache); p == nil {
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
