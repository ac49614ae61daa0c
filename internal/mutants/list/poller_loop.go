package list

var pollerLoop = []Mutant{
	{
		Name: "a reactor begins before the last one has ended",
		File: "poller/loop_linux.go",
		Old: `	p.life.ended.Lock()
	defer p.life.ended.Unlock()
`,
		New:    "",
		Breaks: "there is one reactor at a time",
		Tests:  []string{searchPoller, "./poller -run TestReactorEndRaces"},
		Core:   true,
	},
	{
		Name: "the reactor forgets to wake up for its end",
		File: "poller/loop_linux.go",
		Old:  `return min(p.heap.Next(), p.life.endsAt())`, New: `return p.heap.Next()`,
		Breaks: "a program that has closed its sockets has no goroutine of ours",
		Tests:  []string{searchPoller, "./poller -run TestReactorEnds"},
	},
	{
		Name: "the wake flag is cleared after the look",
		File: "poller/loop_linux.go",
		Old: `	return min(p.heap.Next(), p.life.endsAt())
...
			p.waking.Store(false) // HB-7: before the reactor looks
`,
		New: `	next = min(p.heap.Next(), p.life.endsAt())
	p.waking.Store(false)
	return next
...
`,
		Breaks: "HB-7",
		Tests:  []string{searchPoller, "./poller -run TestWake"},
		Core:   true,
	},
	{
		Name: "the wake flag is never cleared",
		File: "poller/loop_linux.go",
		Old: `			p.waking.Store(false) // HB-7: before the reactor looks
`,
		New:    "",
		Breaks: "HB-7",
		Tests:  []string{searchPoller, "./poller -run TestEarlierDeadlineWakesReactor|TestWake"},
		Core:   true,
	},
	{
		Name: "a hang-up wakes the reader only",
		File: "poller/loop_linux.go",
		Old:  `if e&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {`, New: `if e&(unix.EPOLLOUT|unix.EPOLLERR) != 0 {`,
		Breaks: "eventsOf: HUP wakes both sides",
		Tests:  []string{"./poller -run TestEventsOf"},
	},
	{
		Name: "an error shadows room to write",
		File: "poller/loop_linux.go",
		Old:  `if e&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {`, New: `if e&(unix.EPOLLOUT|unix.EPOLLHUP) != 0 && e&unix.EPOLLERR == 0 {`,
		Breaks: "eventsOf: ERR wakes both sides",
		Tests:  []string{"./poller -run TestEventsOf"},
	},
	{
		Name: "an urgent byte is not remembered",
		File: "poller/loop_linux.go",
		Old: `		{unix.EPOLLPRI, polldesc.PRI},
`,
		New:    "",
		Breaks: "eventsOf: PRI is remembered",
		Tests:  []string{"./poller -run TestEventsOf"},
	},
	{
		Name: "the end of the stream does not wake the reader",
		File: "poller/loop_linux.go",
		Old: `unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0 {
		out |= polldesc.Readable`,
		New: `unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0 {
		out |= polldesc.Readable`,
		Breaks: "eventsOf: RDHUP wakes the reader",
		Tests:  []string{"./poller -run TestEventsOf"},
	},
	{
		Name: "the reactor ends and leaves an errand",
		File: "poller/loop_linux.go",
		Old: `		p.errands.run()
	}
	p.errands.run()
}`,
		New: `		p.errands.run()
	}
}`,
		Breaks: "errand: the reactor calls f, or it is reported that it has ended for good",
		Tests:  []string{searchPoller, "./poller -run TestErrandsBeforeTheEnd"},
	},
	{
		Name: "stale events are not counted",
		File: "poller/loop_linux.go",
		Old: `		if !ok {
			stale++
		}
`,
		New: `		_ = ok
`,
		Breaks: "Stats.Stale",
		Tests:  []string{"./poller -run TestStaleEvent|TestStatsAddUp"},
	},
}
