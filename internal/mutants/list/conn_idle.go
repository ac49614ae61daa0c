package list

var connIdle = []Mutant{
	{
		Name: "an IdleServer serves one message an event",
		File: "conn/idle.go",
		Old: `		i.renew()
	}
}
`,
		New: `		i.renew()
		if i.notifier != nil {
			return errWouldWait
		}
	}
}
`,
		Breaks: "IdleServer does not wait while a layer still holds data",
		Tests:  []string{"./conn -run TestIdleServer"},
	},
	{
		Name: "an IdleServer waits in a Read",
		File: "conn/idle.go",
		Old:  `	wouldWait := i.notifier.withoutWaiting(func() { _, err = r.Peek(1) })`,
		New: `	_, err = r.Peek(1)
	wouldWait := err != nil`,
		Breaks: "a connection that waits needs no goroutine",
		Tests:  []string{"./conn -run TestIdleServerServesAll"},
	},
	{
		Name: "a read without waiting waits",
		File: "fd/deadline_linux.go",
		Old:  `const noWait time.Duration = -1`, New: `const noWait time.Duration = 0`,
		Breaks: "WithoutWaiting: a read fails where it would wait",
		Tests:  []string{"./fd -run TestWithoutWaiting"},
	},
	{
		Name: "each event begins another IdleTimeout",
		File: "conn/idle.go",
		Old: `		if !i.overdue() {
			i.wait()
`, New: `		if !i.overdue() {
			i.renew()
			i.wait()
`,
		Breaks: "IdleTimeout is counted from the last Serve",
		Tests:  []string{"./conn -run TestIdleServerIsNotKeptWaiting"},
	},
	{
		Name: "a deadline of Serve is taken for silence",
		File: "conn/idle.go",
		Old: `		if err := i.server.Serve(i.c, r); err != nil {
			return err
		}
`,
		New: `		if err := i.server.Serve(i.c, r); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return errWouldWait
			}
			return err
		}
`,
		Breaks: "an error of Serve ends the connection",
		Tests:  []string{"./conn -run TestIdleServerEnds"},
	},
	{
		Name: "a TLS handshake is done by the first look",
		File: "conn/idle.go",
		Old:  `	if i.shook || !ok {`, New: `	if i.shook || ok {`,
		Breaks: "a tls.Conn cannot be used after a Read with a handshake has timed out",
		Tests:  []string{"./conn -run TestIdleServer"},
	},
	{
		Name: "limits that were set while a read did not wait are lost",
		File: "fd/deadline_linux.go",
		Old:  `	fd.limits.CompareAndSwap(limits, before) // unless SetLimits was called`, New: `	fd.limits.Store(before)`,
		Breaks: "WithTimeout holds from now on",
		Tests:  []string{"./fd -run TestWithoutWaiting"},
	},
	{
		Name: "a read without waiting forgets the limit of writes",
		File: "fd/deadline_linux.go",
		Old: `	if before != nil {
		limits[polldesc.Write] = before[polldesc.Write]
	}
`,
		New:    ``,
		Breaks: "WithoutWaiting is about reads",
		Tests:  []string{"./fd -run TestWithoutWaiting"},
	},
	{
		Name: "a deadline of Serve stays",
		File: "conn/idle.go",
		Old: `		_ = i.c.SetReadDeadline(time.Time{}) // of a layer, too; if c is closed, a Read says so
`,
		New:    ``,
		Breaks: "IdleServer clears the deadlines of Serve",
		Tests:  []string{"./conn -run TestIdleServerClearsDeadlines"},
	},
	{
		Name: "a layer that fails without a read is asked again",
		File: "conn/idle.go",
		Old:  `	if wouldWait && errors.Is(`, New: `	if (wouldWait || true) && errors.Is(`,
		Breaks: "an IdleServer does not spin",
		Tests:  []string{"./conn -run TestIdleServerOfABrokenLayer"},
	},
	{
		Name: "the timeout of a read that has read is kept for the next",
		File: "conn/idle.go",
		Old:  `	if n > 0 && errors.Is(`, New: `	if n < 0 && errors.Is(`,
		Breaks: "Serve may wait for the rest of a message",
		Tests:  []string{"./conn -run TestIdleServerOfAHastyLayer"},
	},
}
