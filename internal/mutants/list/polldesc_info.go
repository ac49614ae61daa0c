package list

var polldescInfo = []Mutant{
	{
		Name: "facts are recorded whatever the generation",
		File: "polldesc/info.go",
		Old:  `	for uint32(w>>32) == gen && flags(w)&f != f && !i.w`, New: `	for flags(w)&f != f && !i.w`,
		Breaks: "HB-4, I6",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the generation is compared, then facts are recorded",
		File: "polldesc/info.go",
		Old: `!i.w.CompareAndSwap(w, w|uint64(f)) { // DOC: sticky-cas
		w = i.w.Load()
	}
`,
		New: `i.w.Or(uint64(f)) < 1<<63 { // DOC: sticky-cas
		break
	}
`,
		Breaks: "HB-4, I6",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the word is rebuilt from a fact and the generation",
		File: "polldesc/info.go",
		Old:  `!i.w.CompareAndSwap(w, w|uint64(f)) { // DOC: sticky-cas`, New: `!i.w.CompareAndSwap(w, uint64(gen)<<32|uint64(f)) { // DOC: sticky-cas`,
		Breaks: "I5",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the generation is not raised",
		File: "polldesc/info.go",
		Old: `	gen++
`,
		New:    "",
		Breaks: "HB-4",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "the generation that belongs to no descriptor is given out",
		File: "polldesc/info.go",
		Old: `	if gen == 0 {
		gen = 1
	}
`,
		New:    "",
		Breaks: "golang/go#72900: generation 0 belongs to the wake-up descriptor",
		Tests:  []string{"./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "the generation is cut to 8 bits",
		File: "polldesc/info.go",
		Old:  `	i.w.Store(uint64(gen)<<32 | uint64(closing))`, New: `	i.w.Store(uint64(uint8(gen))<<32 | uint64(closing))`,
		Breaks: "tokio-rs/tokio#6133: a tag that wraps",
		Tests:  []string{"./polldesc -skip TestSearch"},
		Core:   true,
	},
	{
		Name: "an expired side is the other one",
		File: "polldesc/info.go",
		Old:  `return readExpired << m }`, New: `return readExpired << (1 - m) }`,
		Breaks: "rExpire, wExpire",
		Tests:  []string{search},
		Core:   true,
	},
	{
		Name: "Interrupt ends the other side's wait",
		File: "polldesc/info.go",
		Old:  `return readInterrupted << m }`, New: `return readInterrupted << (1 - m) }`,
		Breaks:     "Interrupt ends the wait of a side's owner",
		Tests:      []string{"./fd -run TestContextEndsOperations"},
		Equivalent: "who sets the bit and who reads it change alike",
	},
}
