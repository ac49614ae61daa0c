package list

var pollerNested = []Mutant{
	{
		Name: "a failed alarm passes in silence",
		File: "poller/nested_linux.go",
		Old: `	if err := w.file.SetReadDeadline(t); err != nil { // DOC: alarm
		panic("poller: the reactor has no alarm: " + err.Error()) // the descriptor was closed: a mistake
	}
`,
		New: `	w.file.SetReadDeadline(t) // DOC: alarm
`,
		Breaks: "a failed alarm would be a deadline that never comes",
		Tests:  []string{"./poller -run TestFailedAlarmIsNoHang"},
	},
	{
		Name: "a wake-up among events is forgotten by the batch after it",
		File: "poller/nested_linux.go",
		Old:  `woken = p.dispatch(others, arrived) || woken`, New: `woken = p.dispatch(others, arrived)`,
		Breaks: "drain reports whether a wake-up was there",
		Tests:  []string{"./poller -run TestWakeAmongEventsIsKept"},
	},
	{
		Name: "a nested reactor keeps the deadline that it had",
		File: "poller/nested_linux.go",
		Old:  `	if w.alarm == next {`, New: `	if w.alarm != timer.Never || next == timer.Never {`,
		Breaks: "sleep returns when the deadlines need a look",
		Tests:  []string{searchPoller, "./poller -run TestTimersFireInOrder|TestDeadlineIsNotEarly"},
	},
	{
		Name: "a nested reactor does not look at events before a deadline that has passed",
		File: "poller/nested_linux.go",
		Old: `		w.drain(p) // events do not wait for a stream of deadlines to end
		return`,
		New:    `		return`,
		Breaks: "events do not wait for a stream of deadlines to end",
		Tests:  []string{"./poller -run TestEventsBeforeDeadlines"},
	},
	{
		Name: "a drain stops after the first batch",
		File: "poller/nested_linux.go",
		Old:  `case n < len(w.events): // DOC: drain`, New: `case n <= len(w.events): // DOC: drain`,
		Breaks: "fact e",
		Tests:  []string{searchPoller, "./poller -run TestManyReadyAtOnce|TestMoreThanMaxEvents"},
	},
	{
		Name: "a full drain does not look at deadlines",
		File: "poller/nested_linux.go",
		Old:  `if p.stopping.Load() || p.heap.Next() <= clock.Now() {`, New: `if p.stopping.Load() {`,
		Breaks: "deadlines do not wait for a stream of events to end",
		Tests:  []string{"./poller -run TestDeadlineAmongEvents"},
	},
	{
		Name: "a full drain does not see that it is to stop",
		File: "poller/nested_linux.go",
		Old:  `if p.stopping.Load() || p.heap.Next() <= clock.Now() {`, New: `if p.heap.Next() <= clock.Now() {`,
		Breaks: "Close stops every reactor",
		Tests:  []string{"./poller -run TestStopComesBeforeMoreEvents"},
	},
	{
		Name: "an epoll instance that cannot be watched is kept",
		File: "poller/nested_linux.go",
		Old: `		w.file.Close()
		return nil, err`,
		New:    `		return nil, err`,
		Breaks: "newStrategy: if it fails, epfd is closed",
		Tests:  []string{"./poller -run TestFailingStart|TestNestedNeedsGoPoller|TestNoWatchesLeft"},
	},
	{
		Name: "a reactor that Go's poller cannot watch spins",
		File: "poller/nested_linux.go",
		Old: `		err = w.file.SetReadDeadline(time.Time{})
	}
	if err == nil {
		return w`,
		New: `		w.file.SetReadDeadline(time.Time{})
	}
	if err == nil {
		return w`,
		Breaks: "newNested says that Go's poller cannot watch the file",
		Tests:  []string{"./poller -run TestNestedNeedsGoPoller|TestNoWatchesLeft"},
	},
}
