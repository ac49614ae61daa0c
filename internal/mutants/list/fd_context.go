package list

var fdContext = []Mutant{
	{
		Name: "a context that ends later interrupts a later owner",
		File: "fd/context_linux.go",
		Old: `			stop()
			i.end()
`,
		New: `			stop()
`,
		Breaks: "an interrupter ends the operation of one owner, and no later one's",
		Tests:  []string{"./fd -run TestContext|TestLateContext"},
	},
	{
		Name: "a context's operation unlocks before it ends",
		File: "fd/context_linux.go",
		Old: `	defer fd.unlock(m)
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() != nil {
		i := &interrupter{fd: fd, mode: m}
		stop := context.AfterFunc(ctx, func() { i.interrupt() })
		defer func() {
			stop()
			i.end()
		}()
	}
`,
		New: `	i, stop := &interrupter{fd: fd, mode: m}, func() bool { return true }
	defer func() {
		stop()
		i.end()
	}()
	defer fd.unlock(m)
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { i.interrupt() })
	}
`,
		Breaks: "end is called by the owner, before it lets the side go",
		Tests:  []string{searchFD, "./fd -run TestLateContextEndsNoLaterRead"},
	},
	{
		Name: "an interrupt does not ask whether the operation is over",
		File: "fd/context_linux.go",
		Old:  `if i.over || i.sent {`, New: `if i.sent {`,
		Breaks: "an interrupter ends the operation of one owner, and no later one's",
		Tests:  []string{searchFD, "./fd -run TestContext|TestLate"},
	},
	{
		Name: "an operation ends while an interrupt is under way",
		File: "fd/context_linux.go",
		Old: `func (i *interrupter) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
`,
		New: `func (i *interrupter) end() {
`,
		Breaks: "an interrupter ends the operation of one owner, and no later one's",
		Tests:  []string{searchFD, "./fd -run TestLate", "-race ./fd -run TestContext"},
	},
	{
		Name: "an interrupt is never forgotten",
		File: "fd/context_linux.go",
		Old:  `i.fd.pd.Uninterrupt(i.mode)`, New: `_ = i.mode`,
		Breaks: "the connection can be used on",
		Tests:  []string{searchFD, "./fd -run TestContextEndsOperations"},
	},
	{
		Name: "an interrupted operation does not say why",
		File: "fd/context_linux.go",
		Old: `	if err == polldesc.ErrInterrupted {
		return ctx.Err()
	}
	return err
`,
		New: `	return err
`,
		Breaks: "ReadContext ends with ctx's error",
		Tests:  []string{"./fd -run TestContextEndsOperations"},
	},
	{
		Name: "an operation begins though its context is done",
		File: "fd/context_linux.go",
		Old: `	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done()`,
		New:    `	if ctx.Done()`,
		Breaks: "ReadContext takes no data once ctx is done",
		Tests:  []string{"./fd -run TestDoneContextBeginsNothing"},
	},
	{
		Name: "a kept error does not make a side ready",
		File: "fd/context_linux.go",
		Old: `	if fd.kept[m] != 0 {
		return true, nil
	}
`,
		New:    "",
		Breaks: "WaitReadable: an error is there",
		Tests:  []string{"./fd -run TestWaitWritableKeepsTheError|TestWaitingForAnError"},
	},
	{
		Name: "an error that a wait took from the socket is not kept",
		File: "fd/context_linux.go",
		Old:  `fd.kept[m] = uint16(errno)`, New: `_ = errno`,
		Breaks: "WaitReadable keeps an error for the next call that reads",
		Tests:  []string{"./fd -run TestWaitWritableKeepsTheError|TestWaitingForAnError"},
	},
	{
		Name: "an error is kept for the other side",
		File: "fd/context_linux.go",
		Old:  `fd.kept[m] = uint16(errno)`, New: `fd.kept[1-m] = uint16(errno)`,
		Breaks: "WaitReadable keeps an error for the next call that reads",
		Tests:  []string{"./fd -run TestWaitWritableKeepsTheError|TestWaitingForAnError"},
	},
	{
		Name: "a kept error is told again and again",
		File: "fd/context_linux.go",
		Old: `	fd.kept[m] = 0
`,
		New:    "",
		Breaks: "owed returns the error once",
		Tests:  []string{"./fd -run TestWaitWritableKeepsTheError|TestWaitingForAnError"},
	},
	{
		Name: "packets have an end",
		File: "fd/context_linux.go",
		Old: `	if fd.kind == KindPacket {
		return false
	}
`,
		New:    "",
		Breaks: "PeerClosed: it is false for packets",
		Tests:  []string{"./fd -run TestPeerClosedOfPackets"},
	},
	{
		Name: "PeerClosed keeps its reference",
		File: "fd/context_linux.go",
		Old: `	defer fd.decref()
	if fd.kind == KindPacket {`,
		New:    `	if fd.kind == KindPacket {`,
		Breaks: "Close returns when the last one has let go",
		Tests:  []string{"./fd -run TestEveryCallLetsGo"},
	},
}
