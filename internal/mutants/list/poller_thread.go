package list

var pollerThread = []Mutant{
	{
		Name: "a reactor that blocks in its thread does so only once until a time",
		File: "poller/thread_linux.go",
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
		Name: "a reactor that blocks in its thread never wakes for a deadline that has just passed",
		File: "poller/thread_linux.go",
		Old:  `timeout = max(0, time.Duration(next-clock.Now()))`, New: `timeout = time.Duration(next - clock.Now())`,
		Breaks: "a negative timeout never passes",
		Tests:  []string{"./poller -run TestDeadlineJustPassed"},
	},
	{
		Name: "a reactor that blocks in its thread does not look first",
		File: "poller/thread_linux.go",
		Old: `	n := sys.EpollPoll(w.epfd, w.events[:])
	if n == 0 {`,
		New: `	n := 0
	if n == 0 {`,
		Breaks:     "sleep blocks only after it has found nothing",
		Tests:      []string{"./poller -run TestManyReadyAtOnce"},
		Equivalent: "the events come all the same, from a call that tells the scheduler",
	},
}
