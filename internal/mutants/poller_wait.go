package main

var pollerWait = []Mutant{
	{
		Name: "a wake-up among events is forgotten by the batch after it",
		File: "poller/wait_linux.go",
		Old:  `woken = p.dispatch(w.events[:n]) || woken`, New: `woken = p.dispatch(w.events[:n])`,
		Breaks: "drain reports whether a wake-up was there",
		Tests:  []string{"./poller -run TestWakeAmongEventsIsKept"},
	},
	{
		Name: "a parked reactor keeps the deadline that it had",
		File: "poller/wait_linux.go",
		Old:  `if w.next != next {`, New: `if w.next == timer.Never && next != timer.Never {`,
		Breaks: "wait returns when the deadlines need a look",
		Tests:  []string{searchPoller, "./poller -run TestTimersFireInOrder|TestDeadlineIsNotEarly"},
	},
	{
		Name: "a reactor that blocks in its thread does so only once until a time",
		File: "poller/wait_linux.go",
		Old: `	epfd    int
	file    *os.File // that owns
...
		if next != timer.Never {
			timeout =`,
		New: `	slept   int64
	epfd    int
	file    *os.File // that owns
...
		if next != timer.Never && next != w.slept {
			w.slept = next
			timeout =`,
		Breaks: "HB-7: a reactor sleeps until the next deadline",
		Tests:  []string{searchPoller},
	},
	{
		Name: "a parked reactor does not look at events before a deadline that has passed",
		File: "poller/wait_linux.go",
		Old: `		w.drain(p) // nobody's events wait for a stream of deadlines to end
		return`,
		New:    `		return`,
		Breaks: "nobody's events wait for a stream of deadlines to end",
		Tests:  []string{"./poller -run TestEventsBeforeDeadlines"},
	},
	{
		Name: "a reactor that blocks in its thread waits for ever for a deadline that has just passed",
		File: "poller/wait_linux.go",
		Old:  `timeout = max(0, time.Duration(next-clock.Now()))`, New: `timeout = time.Duration(next - clock.Now())`,
		Breaks: "a negative timeout never passes",
		Tests:  []string{"./poller -run TestDeadlineJustPassed"},
	},
	{
		Name: "a reactor that blocks in its thread does not look first",
		File: "poller/wait_linux.go",
		Old: `	n := sys.EpollPoll(w.epfd, w.events[:])
	if n == 0 {`,
		New: `	n := 0
	if n == 0 {`,
		Breaks:     "wait blocks only after it has found nothing",
		Tests:      []string{"./poller -run TestManyReadyAtOnce"},
		Equivalent: "the events come all the same, from a call that tells the scheduler",
	},
	{
		Name: "a drain stops after the first batch",
		File: "poller/wait_linux.go",
		Old:  `if n < len(w.events) { // DOC: drain`, New: `if n <= len(w.events) { // DOC: drain`,
		Breaks: "fact e",
		Tests:  []string{searchPoller, "./poller -run TestManyReadyAtOnce|TestMoreThanMaxEvents"},
	},
	{
		Name: "a full drain does not look at deadlines",
		File: "poller/wait_linux.go",
		Old:  `if p.stopping.Load() || p.heap.Next() <= clock.Now() {`, New: `if p.stopping.Load() {`,
		Breaks: "deadlines do not wait for a stream of events to end",
		Tests:  []string{"./poller -run TestDeadlineAmongEvents"},
	},
	{
		Name: "a full drain does not see that it is to stop",
		File: "poller/wait_linux.go",
		Old:  `if p.stopping.Load() || p.heap.Next() <= clock.Now() {`, New: `if p.heap.Next() <= clock.Now() {`,
		Breaks: "Close stops every reactor",
		Tests:  []string{"./poller -run TestStopComesBeforeMoreEvents"},
	},
	{
		Name: "an epoll instance that cannot be watched is kept",
		File: "poller/wait_linux.go",
		Old: `		w.file.Close()
		return nil, err`,
		New:    `		return nil, err`,
		Breaks: "newWaiter: if it fails, epfd is closed",
		Tests:  []string{"./poller -run TestFailingStart|TestParkedNeedsGoPoller|TestNoWatchesLeft"},
	},
	{
		Name: "a reactor that Go's poller cannot watch spins",
		File: "poller/wait_linux.go",
		Old: `		err = w.file.SetReadDeadline(time.Time{})
	}
	if err == nil {
		return w`,
		New: `		w.file.SetReadDeadline(time.Time{})
	}
	if err == nil {
		return w`,
		Breaks: "newParked says that Go's poller cannot watch the file",
		Tests:  []string{"./poller -run TestParkedNeedsGoPoller|TestNoWatchesLeft"},
	},
}
