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

	Poller = Target{
		Package: "poller",
		Under:   []string{"timer", "polldesc", "poller"},
		Instead: kernel,
		Smaller: smaller,
	}

	FD = Target{
		Package: "fd",
		Under:   []string{"timer", "polldesc", "poller", "fd"},
		Instead: kernel,
		Smaller: smaller,
	}
)

// smaller are so small that a schedule fills a slab, parks on an eventfd, fetches a full
// batch, and keeps an event back.
var smaller = []Patch{
	{File: "polldesc/cache.go", Old: "slabSize = 256", New: "slabSize = 1"},
	{File: "poller/policy_linux.go", Old: "quietWakeups = 16", New: "quietWakeups = 1"},
	{File: "poller/policy_linux.go", Old: "maxEvents = 8", New: "maxEvents = 2"},
	{File: "poller/policy_linux.go", Old: "quietBatch = 4", New: "quietBatch = 1"},
	{File: "poller/policy_linux.go", Old: "measured := !quiet && y.backoff.off()", New: "measured := !quiet"},
	{File: "poller/policy_linux.go", Old: "heavyTurn = 2 * time.Millisecond", New: "heavyTurn = 0 * time.Millisecond"},
	{File: "poller/policy_linux.go", Old: "heavyTurns = 2", New: "heavyTurns = 1"},
}

// kernel is what stands for the kernel, for the runtime and for the clock.
var kernel = map[string]string{
	module + "/internal/sys":   shim + "/kernel",
	module + "/internal/clock": shim + "/kernel/clock",
	"os":                       shim + "/kernel",
	"runtime":                  shim + "/kernel",
	"time":                     shim + "/kernel/time",
	"context":                  shim + "/kernel/context",
}
