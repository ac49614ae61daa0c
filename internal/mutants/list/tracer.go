package list

var tracer = []Mutant{
	{
		Name: "an event is written over one that is still being written",
		File: "internal/tracer/rings.go",
		Old:  `	if was&1 != 0 || was > 2*place ||`, New: `	if was > 2*place ||`,
		Breaks: "a reader sees no parts of two events",
		Tests:  []string{"./internal/tracer -run TestPutGivesUp"},
	},
	{
		Name: "an event is written over a later one",
		File: "internal/tracer/rings.go",
		Old:  `	if was&1 != 0 || was > 2*place ||`, New: `	if was&1 != 0 ||`,
		Breaks: "the oldest are overwritten",
		Tests:  []string{"./internal/tracer -run TestPutGivesUp"},
	},
	{
		Name: "a reader takes what was overwritten meanwhile",
		File: "internal/tracer/rings.go",
		Old:  `	return e, at.seq.Load() == 2*place+2`, New: `	return e, true`,
		Breaks: "a reader sees no parts of two events",
		Tests:  []string{"./internal/tracer -run TestRingsUnderLoad"},
	},
	{
		Name: "events are left in the order of their times",
		File: "internal/tracer/rings.go",
		Old: `	order(events)
`,
		Breaks: "the order is that of the word",
		Tests:  []string{"./internal/tracer -run TestSnapshotIsInOrder"},
	},
	{
		Name: "an owner that parks is said to park elsewhere",
		File: "polldesc/trace.go",
		Old:  `		return parking{pd.gen(), 1}`, New: `		return parking{pd.gen(), 2}`,
		Breaks: "O4: where the owner parks",
		Tests:  []string{"./trace -run TestTraceNamesTheParker"},
	},
	{
		Name: "a stale arming is said to guard",
		File: "polldesc/trace.go",
		Old:  `	if stale {`, New: `	if stale && false {`,
		Breaks: "StaleDue",
		Tests:  []string{"./polldesc -run TestTraceOfArmings"},
	},
	{
		Name: "a stale event is said to be of the life that came after",
		File: "polldesc/trace.go",
		Old:  `pd.recordNote(gen, tracer.StaleEvent,`, New: `pd.recordNote(pd.gen(), tracer.StaleEvent,`,
		Breaks: "Event.Gen",
		Tests:  []string{"./polldesc -run TestTraceNamesTheLife"},
	},
	{
		Name: "an edge is said to be of the life that came after",
		File: "polldesc/trace.go",
		Old:  `pd.record(gen, m, tracer.E1`, New: `pd.record(pd.gen(), m, tracer.E1`,
		Breaks: "Event.Gen",
		Tests:  []string{"./polldesc -run TestTraceNamesTheLife"},
	},
	{
		Name: "a notification is said to park in the life that came after",
		File: "polldesc/trace.go",
		Old:  `pd.record(at.gen, m, tracer.O4`, New: `pd.record(pd.gen(), m, tracer.O4`,
		Breaks: "Event.Gen",
		Tests:  []string{"./polldesc -run TestTraceNamesTheLife"},
	},
	{
		Name: "a connection that is busy alone fills one ring",
		File: "internal/tracer/rings.go",
		Old:  `	r.of(e.Time).put(e)`, New: `	r.of(int64(e.Slot)).put(e)`,
		Breaks: "rings fill alike",
		Tests:  []string{"./internal/tracer -run TestRingsFillAlike"},
	},
	{
		Name: "a trace begins with gaps",
		File: "internal/tracer/rings.go",
		Old:  `return e.Time < complete`, New: `return false`,
		Breaks: "what is older than the oldest event of one ring is left out",
		Tests:  []string{"./internal/tracer -run TestRingsFillAlike"},
	},
}
