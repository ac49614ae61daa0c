package main

var fdWait = []Mutant{
	{
		Name: "the limit of a wait is cleared only when the wait failed",
		File: "fd/wait_linux.go",
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
		File: "fd/wait_linux.go",
		Old:  `clock.After(now, limits[m])`, New: `clock.After(now, limits[1-m])`,
		Breaks: "SetLimits: each side has its own limit",
		Tests:  []string{"./conn -run TestTimeoutConnSilentPeer"},
	},
	{
		Name: "a limit ends a Write while the peer takes something",
		File: "fd/wait_linux.go",
		Old:  `err == os.ErrDeadlineExceeded && fd.queued(m) < queued`, New: `err == os.ErrDeadlineExceeded && fd.queued(m) > queued`,
		Breaks: "WithTimeout: a Write that makes progress goes on",
		Tests:  []string{"./conn -run TestTimeoutConnProgress"},
	},
	{
		Name: "a limit never ends a Write",
		File: "fd/wait_linux.go",
		Old:  `fd.queued(m) < queued`, New: `fd.queued(m) <= queued`,
		Breaks: "WithTimeout: a Write fails when the peer takes nothing",
		Tests:  []string{"./conn -run TestTimeoutConnSilentPeer"},
	},
	{
		Name: "progress is measured on the wrong side",
		File: "fd/wait_linux.go",
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
		File: "fd/wait_linux.go",
		Old:  `return fd.pd.Prepare(m) // progress`, New: `return nil // progress`,
		Breaks:     "D3; WithTimeout: deadlines work beside the limits",
		Tests:      []string{"./conn -run TestTimeoutConnDeadlines"},
		Equivalent: "the next wait finds that the deadline has passed, one system call later",
	},
	{
		Name: "room is noted as watched before the registration succeeded",
		File: "fd/wait_linux.go",
		Old: `	if fd.room == roomUnwatched {
		if err := fd.poller.WatchWrites(fd.sysfd, fd.pd); err != nil { // DOC: watch-writes
			return err
		}
	}
	fd.room = roomAwaited
`,
		New: `	unwatched := fd.room == roomUnwatched
	fd.room = roomAwaited
	if unwatched {
		if err := fd.poller.WatchWrites(fd.sysfd, fd.pd); err != nil { // DOC: watch-writes
			return err
		}
	}
`,
		Breaks: "HB-2: a Write after one that could not be watched waits for an edge that never comes",
		Tests:  []string{searchFD, "./fd -run TestRoomCannotBeWatched"},
	},
	{
		Name: "room is never unwatched",
		File: "fd/wait_linux.go",
		Old: `	case fd.room == roomAwaited:
		fd.room = roomWatched
`,
		New: `	case true:
`,
		Breaks: "a UDP socket that need not wait wakes the reactor for each packet that left",
		Tests:  []string{"./fd -run TestRoomIsReported"},
	},
	{
		Name: "room is not noted as unwatched",
		File: "fd/wait_linux.go",
		Old: `		fd.room = roomUnwatched
`,
		New: `		fd.room = roomWatched
`,
		Breaks: "HB-2: a packet that has no room waits for an edge that is not reported",
		Tests:  []string{"./fd -run TestRoomIsReported"},
	},
	{
		Name: "a Read begins with a system call and keeps what a short one has shown",
		File: "fd/wait_linux.go",
		Old: `		fd.drained = false // the edge that ended it may be forgotten now
`,
		New: `
`,
		Breaks: "I4: the edge that Prepare forgets was the one that the next Read waits for",
		Tests:  []string{"./fd -run TestReadAfterSplice"},
	},
	{
		Name: "SetWriteDeadline sets the read deadline too",
		File: "fd/wait_linux.go",
		Old:  `return fd.setDeadline(t, polldesc.Write, polldesc.Write)`, New: `return fd.setDeadline(t, polldesc.Read, polldesc.Write)`,
		Breaks: "SetWriteDeadline is for Write and Connect",
		Tests:  []string{"./fd -run TestDeadlineForTheParked"},
	},
	{
		Name: "a deadline is set in whatever life the slot has",
		File: "fd/wait_linux.go",
		Old:  `fd.pd.SetDeadline(fd.gen, first`, New: `fd.pd.SetDeadline(fd.pd.Token().Gen, first`,
		Breaks: "HB-4",
		Tests:  []string{"./fd -run TestConnectCancelAtAnyMoment"},
	},
}
