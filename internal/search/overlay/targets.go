package overlay

// The targets, from the bottom up.
var (
	Timer = Target{
		Package: "timer",
		Under:   []string{"timer"},
	}

	Polldesc = Target{
		Package: "polldesc",
		Under:   []string{"timer", "polldesc"},
		Smaller: []Patch{{File: "polldesc/cache.go", Old: "slabSize = 256", New: "slabSize = 1"}},
	}
)
