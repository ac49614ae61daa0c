package list

var fdNotify = []Mutant{
	{
		Name: "a notification unlocks before it ends",
		File: "fd/notify_linux.go",
		Old: `	n.end()
	n.fd.unlock(polldesc.Read)
`,
		New: `	n.fd.unlock(polldesc.Read)
	n.end()
`,
		Breaks: "a late stop ends no later owner's Read",
		Tests:  []string{searchFD, "./fd -run TestLateStopEndsNoLaterRead"},
	},
	{
		Name: "a notification calls f before it lets the side go",
		File: "fd/notify_linux.go",
		Old: `	n.fd.unlock(polldesc.Read)
	if !n.sent {
		n.f()
	}
`,
		New: `	if !n.sent {
		n.f()
	}
	n.fd.unlock(polldesc.Read)
`,
		Breaks: "NotifyReadable: f may read",
		Tests:  []string{"./fd -run TestNotifyAgain|TestNotifyOfEverything"},
	},
	{
		Name: "a notification that was stopped is delivered",
		File: "fd/notify_linux.go",
		Old: `	if !n.sent {
		n.f()`,
		New: `	if true {
		n.f()`,
		Breaks: "stop prevents the call",
		Tests:  []string{searchFD, "./fd -run TestNotifyStop"},
	},
	{
		Name: "a notification takes an edge and lets the next Read wait for it",
		File: "fd/notify_linux.go",
		Old: `	if edge {
		n.fd.sawEmpty = false
	}
`,
		New:    "",
		Breaks: "I4: the edge was taken",
		Tests:  []string{searchFD, "./fd -run TestNotify"},
	},
	{
		Name: "a notification that finds an edge when it parks lets the next Read wait for it",
		File: "fd/notify_linux.go",
		Old: `			return parked
		}
		n.fd.sawEmpty = false // Subscribe consumed an edge
`,
		New: `			return parked
		}
`,
		Breaks: "I4: the edge was taken",
		Tests:  []string{"./fd -run TestNotifyTakesAStoredEdge"},
	},
	{
		Name: "a notification in a bubble takes an edge and lets the next Read wait for it",
		File: "fd/notify_linux.go",
		Old: `		if err = n.fd.pd.Wait(polldesc.Read); err == nil {
			n.fd.sawEmpty = false // Wait consumed an edge`,
		New:    `		if err = n.fd.pd.Wait(polldesc.Read); err == nil {`,
		Breaks: "I4: the edge was taken",
		Tests:  []string{"./internal/parity/waiting -run TestNotifyReadableInABubble"},
	},
	{
		Name: "a notification parks again after an edge without a look",
		File: "fd/notify_linux.go",
		Old:  `if !n.park(!edge) {`, New: `if !n.park(true) {`,
		Breaks: "HB-2: the edge was the news",
		Tests:  []string{searchFD, "./fd -run TestNotifyOfEverything"},
	},
	{
		Name: "a notification does not look before it parks",
		File: "fd/notify_linux.go",
		Old:  `!n.park(fd.sawEmpty)`, New: `!n.park(true)`,
		Breaks: "HB-3: only a descriptor that is known to be empty is not asked first",
		Tests:  []string{"./fd -run TestNotifyOfDataThatIsThere"},
	},
	{
		Name: "a notification relies on a short read though the descriptor is exposed",
		File: "fd/notify_linux.go",
		Old:  `if fd.knownEmpty() {`, New: `if fd.sawEmpty && fd.isTCP() {`,
		Breaks:     "FD.MarkExposed: the short-read rule is over",
		Tests:      []string{"./internal/parity/options -run TestLowWaterMark", "./fd -run SomeoneElse"},
		Equivalent: "an exposed socket makes an edge whenever poll(2) shows more",
	},
	{
		Name: "a notification of a closed descriptor is called in the caller's goroutine",
		File: "fd/notify_linux.go",
		Old: `		go f()
		return func() bool { return false }`,
		New: `		f()
		return func() bool { return false }`,
		Breaks: "NotifyReadable calls f in a goroutine of its own",
		Tests:  []string{"./fd -run TestNotifyCallsElsewhere"},
	},
	{
		Name: "a notification does not register",
		File: "fd/notify_linux.go",
		Old:  `	return n.fd.registerNotify() == nil`, New: `	return true`,
		Breaks: "HB-2: epoll reports nothing of the descriptor",
		Tests:  []string{searchFD},
	},
	{
		Name: "a notification that cannot be registered keeps no error",
		File: "fd/notify_linux.go",
		Old: `		fd.kept[polldesc.Read] = uint16(errno)
		fd.sawEmpty`,
		New: `		_ = errno
		fd.sawEmpty`,
		Breaks: "NotifyReadable: the next Read returns the error",
		Tests:  []string{searchFD},
	},
	{
		Name: "a notification that cannot be registered lets the next Read wait for an edge",
		File: "fd/notify_linux.go",
		Old: `		fd.sawEmpty = false // the Read does not wait
`,
		New:    "",
		Breaks: "NotifyReadable: the next Read returns the error",
		Tests:  []string{searchFD},
	},
	{
		Name: "a notification is delivered in the caller's goroutine",
		File: "fd/notify_linux.go",
		Old: `		go n.deliver()
	}
	return`,
		New: `		n.deliver()
	}
	return`,
		Breaks: "NotifyReadable calls f in a goroutine of its own",
		Tests:  []string{"./fd -run TestNotifyCallsElsewhere"},
	},
	{
		Name: "a second notification waits for the first one",
		File: "fd/notify_linux.go",
		Old:  `if fd.notified.Load() && !fd.mu.isClosed() {`, New: `if false {`,
		Breaks: "NotifyReadable panics while another notification waits",
		Tests:  []string{"./fd -run TestNotifyTwice"},
	},
	{
		Name: "a notification is refused after one of a closed descriptor",
		File: "fd/notify_linux.go",
		Old:  `if fd.notified.Load() && !fd.mu.isClosed() {`, New: `if fd.notified.Load() {`,
		Breaks: "NotifyReadable calls f if Close was called",
		Tests:  []string{"./fd -run TestNotifyTwice"},
	},
	{
		Name: "a notification is refused after one that was stopped",
		File: "fd/notify_linux.go",
		Old: `	n.fd.notified.Store(false)
	n.send()
`,
		New: `	n.send()
`,
		Breaks: "stop makes way for another notification",
		Tests:  []string{"./fd -run TestNotifyTwice", "./fd -run TestNotifyRaces"},
	},
	{
		Name: "a notification is refused after one that came",
		File: "fd/notify_linux.go",
		Old: `	n.fd.notified.Store(false) // before end: a stop that comes too late makes way, too
`,
		New:    ``,
		Breaks: "f may call NotifyReadable again",
		Tests:  []string{"./fd -run TestNotifyTwice", "./fd -run TestNotifyAgain"},
	},
	{
		Name: "a notification is refused after a stop that came too late",
		File: "fd/notify_linux.go",
		Old: `	n.fd.notified.Store(false) // before end: a stop that comes too late makes way, too
	n.end()
`,
		New: `	n.end()
	n.fd.notified.Store(false)
`,
		Breaks: "stop makes way for another notification",
		Tests:  []string{searchFD},
	},
}
