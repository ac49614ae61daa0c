package list

var fdPark = []Mutant{
	{
		Name: "the limit of a wait is cleared only when the wait failed",
		File: "fd/park_linux.go",
		Old: `	err := fd.pd.Wait(m)
	fd.pd.Limit(m, 0, clock.Now())
`,
		New: `	err := fd.pd.Wait(m)
	if err != nil {
		fd.pd.Limit(m, 0, clock.Now())
	}
`,
		Breaks: "WithTimeout: a Read that has waited for longer than its limit fails, and no other",
		Tests:  []string{searchFD, "./conn -run TestTimeoutConnExactReads"},
	},
	{
		Name: "the limit of the other side counts",
		File: "fd/park_linux.go",
		Old:  `clock.After(now, limits[m])`, New: `clock.After(now, limits[1-m])`,
		Breaks: "SetLimits: each side has its own limit",
		Tests:  []string{"./conn -run TestTimeoutConnSilentPeer"},
	},
	{
		Name: "a limit ends a Write while the peer takes something",
		File: "fd/park_linux.go",
		Old:  `err == os.ErrDeadlineExceeded && fd.queued(m) < queued`, New: `err == os.ErrDeadlineExceeded && fd.queued(m) > queued`,
		Breaks: "WithTimeout: a Write that makes progress goes on",
		Tests:  []string{searchFD, "./conn -run TestTimeoutConnProgress"},
	},
	{
		Name: "a limit never ends a Write",
		File: "fd/park_linux.go",
		Old:  `fd.queued(m) < queued`, New: `fd.queued(m) <= queued`,
		Breaks: "WithTimeout: a Write fails when the peer takes nothing",
		Tests:  []string{"./conn -run TestTimeoutConnSilentPeer"},
	},
	{
		Name: "progress is measured on the wrong side",
		File: "fd/park_linux.go",
		Old: `	if m == polldesc.Read {
		return 0
	}`,
		New: `	if m == polldesc.Write {
		return 0
	}`,
		Breaks: "WithTimeout: a Write that makes progress goes on",
		Tests:  []string{"./conn -run TestTimeoutConnProgress"},
	},
	{
		Name: "a Write that makes progress within its limit passes over its deadline",
		File: "fd/park_linux.go",
		Old:  `return fd.pd.Prepare(m) // progress`, New: `return nil // progress`,
		Breaks:     "D3; WithTimeout: deadlines work beside the limits",
		Tests:      []string{"./conn -run TestTimeoutConnDeadlines"},
		Equivalent: "the next wait finds that the deadline has passed, one system call later",
	},
	{
		Name: "a first wait does not register",
		File: "fd/park_linux.go",
		Old: `		err = fd.poller.Register(fd.sysfd, fd.pd, m) // DOC: first-wait
`,
		New: `		// DOC: first-wait
`,
		Breaks: "HB-2: epoll reports nothing of the descriptor",
		Tests:  []string{searchFD, "./fd -run TestRegistersAtTheFirstWait"},
		Core:   true,
	},
	{
		Name: "a descriptor counts as registered before it is",
		File: "fd/park_linux.go",
		Old: `	case is == unregistered:
		err = fd`,
		New: `	case is == unregistered:
		if !fd.interest.CompareAndSwap(unregistered, registered) {
			return nil
		}
		err = fd`,
		Breaks: "HB-2: the other side parks, and the registration fails",
		Tests:  []string{searchFD},
		Core:   true,
	},
	{
		Name: "a registration that failed counts",
		File: "fd/park_linux.go",
		Old: `	switch {
	case err != nil:
		return unnamed(err)
	case m == polldesc.Write:
		fd.interest.Store(outAwaited)
	default:
		fd.interest.CompareAndSwap(unregistered, registered) // unless the writing side was faster
	}
	return nil
`,
		New: `	if m == polldesc.Write {
		fd.interest.Store(outAwaited)
	} else {
		fd.interest.CompareAndSwap(unregistered, registered) // unless the writing side was faster
	}
	return unnamed(err)
`,
		Breaks: "HB-2: the next wait is for an edge that never comes",
		Tests:  []string{searchFD, "./fd -run TestEPOLLOUTCannotBeWatched|TestWaitCannotBeRegistered"},
	},
	{
		Name: "a reader's registration counts as a writer's",
		File: "fd/park_linux.go",
		Old:  `case is >= outAwaited, is != unregistered && m == polldesc.Read:`, New: `case is >= outAwaited, is != unregistered:`,
		Breaks: "HB-2: room to write is not reported",
		Tests:  []string{searchFD},
	},
	{
		Name: "EPOLLOUT is never unwatched",
		File: "fd/park_linux.go",
		Old: `	case fd.askKind() == KindTCP:
		fd.interest.Store(outKept)
`,
		New: `	case true:
		fd.interest.Store(outKept)
`,
		Breaks: "a UDP socket that need not wait wakes the reactor for each packet that left",
		Tests:  []string{"./fd -run TestEPOLLOUTW"},
	},
	{
		Name: "EPOLLOUT does not count as unwatched",
		File: "fd/park_linux.go",
		Old: `		fd.interest.Store(registered)
`,
		New: `		fd.interest.Store(outWatched)
`,
		Breaks: "HB-2: a packet that has no room waits for an edge that is not reported",
		Tests:  []string{"./fd -run TestEPOLLOUTW"},
	},
	{
		Name: "a Read begins with a system call and keeps what a short one has shown",
		File: "fd/park_linux.go",
		Old: `		fd.sawEmpty = false // Prepare forgets the edge that would end it
`,
		New: `
`,
		Breaks: "I4: the edge that Prepare forgets was the one that the next Read waits for",
		Tests:  []string{"./fd -run TestReadAfterSplice"},
	},
}
