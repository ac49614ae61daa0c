package list

var pollerLag = []Mutant{
	{
		Name: "a deadline is late since the time that was next",
		File: "poller/loop_linux.go",
		Old: `	now := clock.Now()
	if p.heap.RunDue(now) > 0 {
		p.timerLag.record(now - p.heap.LastDue())`,
		New: `	now, due := clock.Now(), p.heap.Next()
	if p.heap.RunDue(now) > 0 {
		p.timerLag.record(now - due)`,
		Breaks: "Heap.Next is earlier than what is armed, or later: an Arm may come after it",
		Tests:  []string{"./poller -run TestTimerLagIsOfWhatFired"},
	},
	{
		Name: "a negative duration makes the sum less",
		File: "poller/counters_linux.go",
		Old: `	d = max(0, d)
`,
		Breaks: "Histogram.Sum is a counter",
		Tests:  []string{"./poller -run TestHistogramAtTheEdges"},
	},
	{
		Name: "the lag of a late owner is overwritten",
		File: "poller/lag_linux.go",
		Old:  `at != 0 && l.side.Load() == nil {`, New: `at != 0 {`,
		Breaks: "one wake-up is measured at a time",
		Tests:  []string{"./poller -run TestLag"},
	},
	{
		Name: "an event is taken to wake one owner at most",
		File: "poller/lag_linux.go",
		Old:  `l.left > 2*n`, New: `l.left > n`,
		Breaks: "the time is there when it is needed",
		Tests:  []string{"./poller -run TestArrivalIsTakenInTime"},
	},
	{
		Name: "a wake-up stays measured after it ended",
		File: "poller/lag_linux.go",
		Old: `	l.side.Store(nil)
}`,
		New:    "}",
		Breaks: "lag.side: the owner clears it",
		Tests:  []string{"./poller -run TestLag"},
	},
	{
		Name: "the lag of a kept event begins when it is handed out",
		File: "poller/turns_linux.go",
		Old:  `p.dispatch(k.events[:k.n], k.since)`, New: `p.dispatch(k.events[:k.n], clock.Now())`,
		Breaks: "Stats.WakeLag: from when the reactor fetched the event",
		Tests:  []string{"./poller -run TestLagIncludesKeeping"},
	},
	{
		Name: "the lag of a notification is not measured",
		File: "fd/notify_linux.go",
		Old: `	n.fd.poller.Running(n.fd.pd.Side(polldesc.Read))
`,
		Breaks: "Stats.WakeLag",
		Tests:  []string{"./fd -run TestNotifyLag"},
	},
	{
		Name: "looks at the heap that find nothing due count as late deadlines",
		File: "poller/loop_linux.go",
		Old:  `	if p.heap.RunDue(now) > 0 {`, New: `	if p.heap.RunDue(now) >= 0 {`,
		Breaks: "Stats.TimerLag",
		Tests:  []string{"./poller -run TestTimerLag"},
	},
	{
		Name: "a duration on a bound is above it",
		File: "poller/counters_linux.go",
		Old:  `uint64(max(1, d)-1)`, New: `uint64(max(0, d))`,
		Breaks: "Histogram: at most Bound(i)",
		Tests:  []string{"./poller -run TestHistogram"},
	},
	{
		Name: "statistics leave out Pollers that were not made",
		File: "poller/group_linux.go",
		Old:  `		} else if i < g.config.Pollers {`, New: `		} else if false {`,
		Breaks: "PollerStats: in an order that stays",
		Tests:  []string{"./poller -run TestPollerStats"},
	},
}
