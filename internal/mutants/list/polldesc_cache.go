package list

var polldescCache = []Mutant{
	{
		Name: "the generation is raised too late",
		File: "polldesc/cache.go",
		Old: `	pd.info.renew() // HB-4: before the slot can be taken again
	pd.nextFree = c.free
	c.free = pd
	c.open--
	last = c.open == 0
	c.mu.Unlock()
`,
		New: `	pd.nextFree = c.free
	c.free = pd
	c.open--
	last = c.open == 0
	c.mu.Unlock()
	pd.info.renew() // HB-4: before the slot can be taken again
`,
		Breaks: "HB-4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a slot is released after it was given back",
		File: "polldesc/cache.go",
		Old: `		c.env.Policy.Release(&pd.side[m])
		pd.side[m].parker.Store(nil)
	}
	pd.note(tracer.Free, tracer.Both, 0)
	pd.number().Store(0) // before the next life has it
	c.mu.Lock()
	// DOC: next-generation
	pd.info.renew() // HB-4: before the slot can be taken again
	pd.nextFree = c.free
	c.free = pd
	c.open--
	last = c.open == 0
	c.mu.Unlock()
`,
		New: `	}
	c.mu.Lock()
	pd.info.renew()
	pd.nextFree = c.free
	c.free = pd
	c.open--
	last = c.open == 0
	c.mu.Unlock()
	for m := range pd.side {
		c.env.Policy.Release(&pd.side[m])
		pd.side[m].parker.Store(nil)
	}
`,
		Breaks: "Release: the side has no owner",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "a slot begins with the edge of an earlier life",
		File: "polldesc/cache.go",
		Old: `	for m := range pd.side {
		pd.side[m].word.reset()
	}
	pd.info.open()`,
		New:        `	pd.info.open()`,
		Breaks:     "I6",
		Tests:      []string{search},
		Equivalent: "an owner begins with Prepare, which forgets the edge, and the system call is the truth",
	},
	{
		Name: "an open descriptor more for each that is freed",
		File: "polldesc/cache.go",
		Old: `	c.open--
`,
		New: `	c.open++
`,
		Breaks: "golang/go#60782: a count that only grows",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "slots are taken without the lock",
		File: "polldesc/cache.go",
		Old: `func (c *Cache) Alloc() *PollDesc {
	c.mu.Lock()
...
	c.open++
	c.mu.Unlock()
`,
		New: `func (c *Cache) Alloc() *PollDesc {
...
	c.open++
`,
		Breaks: "Cache.mu guards free and open",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name:   "the waiters of the writing side are counted as readers",
		File:   "polldesc/cache.go",
		Old:    "\t\tif pd.side[Write].word.waiting() {\n\t\t\twriters++",
		New:    "\t\tif pd.side[Write].word.waiting() {\n\t\t\treaders++",
		Breaks: "golang/go#60782: waiters are counted",
		Tests:  []string{"./polldesc -skip TestSearch"},
	},
}
