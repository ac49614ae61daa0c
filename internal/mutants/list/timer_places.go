package list

var timerPlaces = []Mutant{
	{
		Name: "the last of four children is forgotten",
		File: "timer/places.go",
		Old:  `min(first+4, len(h))`, New: `min(first+3, len(h))`,
		Breaks: "places[(i-1)/4] is never later than places[i]",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
	{
		Name: "deadlines at the same time come in any order",
		File: "timer/places.go",
		Old:  `p.when < q.when || p.when == q.when && p.seq < q.seq`, New: `p.when < q.when`,
		Breaks: "entries due at the same instant fire in the order they were armed",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
	{
		Name: "what fills a hole only goes down",
		File: "timer/places.go",
		Old: `		h.put(moved, i)
		h.fix(i)`,
		New: `		h.put(moved, i)
		h.down(i)`,
		Breaks: "places[(i-1)/4] is never later than places[i]",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
	{
		Name: "an entry that was removed keeps its place",
		File: "timer/places.go",
		Old: `	(*h)[i].entry.pos = 0
`,
		New:    "",
		Breaks: "an entry has one place at most",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
	{
		Name: "the heap keeps a disarmed entry from the garbage collector",
		File: "timer/places.go",
		Old: `	(*h)[last] = place{} // for the garbage collector
`,
		New:    "",
		Breaks: "the heap lets go of what it does not hold",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
}
