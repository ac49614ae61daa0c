package list

var fdRaw = []Mutant{
	{
		Name: "RawControl does not note that the descriptor is exposed",
		File: "fd/raw_linux.go",
		Old: `	defer fd.decref()
	fd.MarkExposed()
	f(uintptr(fd.sysfd))`,
		New: `	defer fd.decref()
	f(uintptr(fd.sysfd))`,
		Breaks: "FD.MarkExposed",
		Tests:  []string{"./fd -run SomeoneElse"},
	},
	{
		Name: "RawControl takes no reference",
		File: "fd/raw_linux.go",
		Old: `	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	fd.MarkExposed()`,
		New:    `	fd.MarkExposed()`,
		Breaks: "RawControl: the descriptor stays open until f returns",
		Tests:  []string{"./fd -run TestRaw|TestClose"},
	},
	{
		Name: "RawRead does not note that the descriptor is exposed",
		File: "fd/raw_linux.go",
		Old: `	defer fd.unlock(m)
	fd.MarkExposed()
`,
		New: `	defer fd.unlock(m)
`,
		Breaks: "FD.MarkExposed",
		Tests:  []string{"./fd -run TestRawReadBetweenReads|SomeoneElse"},
	},
	{
		Name: "RawRead passes over the error that a wait has kept",
		File: "fd/raw_linux.go",
		Old: `		if err := fd.owed(m); err != nil {
			return err
		}
`,
		New:    "",
		Breaks: "an error that a wait has taken from the socket is one that f cannot find",
		Tests:  []string{"./fd -run TestRawReadAfterAnError"},
	},
	{
		Name: "RawRead begins without a look at the deadline",
		File: "fd/raw_linux.go",
		Old: `	if err := fd.prepare(m); err != nil {
		return err
	}
	for !f`,
		New:    `	for !f`,
		Breaks: "HB-3, D3",
		Tests:  []string{"./fd -run TestRaw"},
	},
	{
		Name: "RawWrite waits for the reading side",
		File: "fd/raw_linux.go",
		Old:  `if err := fd.waitEdge(m); err != nil {`, New: `if err := fd.waitEdge(polldesc.Read); err != nil {`,
		Breaks: "I1: one owner a side",
		Tests:  []string{"./fd -run TestRawReadWrite"},
	},
	{
		Name: "SetLinger leaves close(2) a raw call",
		File: "fd/raw_linux.go",
		Old: `	fd.lingers.Store(true)
`, New: ``,
		Breaks: "closeCalls: SO_LINGER makes close(2) wait",
		Tests:  []string{"./fd -run TestCloseIsRawOnlyWhereItIsShort"},
	},
	{
		Name: "a listener is given out while a raw accept4 runs",
		File: "fd/raw_linux.go",
		Old: `	fd.accepting.Lock()
	fd.exposed.Store(true)
	fd.accepting.Unlock()
`, New: `	fd.exposed.Store(true)
`,
		Breaks: "MarkExposed: a raw call that blocks stops the program",
		Tests:  []string{searchFD},
	},
}
