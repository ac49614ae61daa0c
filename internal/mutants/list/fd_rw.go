package list

var fdRw = []Mutant{
	{
		Name: "a full read counts as a short one",
		File: "fd/rw_linux.go",
		Old:  `0 < n && n < len(p) && fd.plain()`, New: `0 < n && n <= len(p) && fd.plain()`,
		Breaks: "the short-read rule",
		Tests:  []string{"./fd -run TestExactReadIsNotShort"},
	},
	{
		Name: "the short-read rule holds for streams that are not TCP",
		File: "fd/rw_linux.go",
		Old:  `return fd.readKind == KindTCP`, New: `return fd.readKind.isStream()`,
		Breaks: "the short-read rule: a read of a Unix stream ends where control messages do",
		Tests:  []string{"./fd -run TestNoShortReadRuleForOtherStreams|TestMaybeTCP"},
	},
	{
		Name: "the kind is asked for in every Read",
		File: "fd/rw_linux.go",
		Old: `		fd.readKind = fd.askKind()
	}
	return fd.readKind == KindTCP`, New: `		return fd.askKind() == KindTCP
	}
	return fd.readKind == KindTCP`,
		Breaks: "isTCP: asks the kernel if that is not known",
		Tests:  []string{"./fd -run TestMaybeTCP"},
	},
	{
		Name: "the short-read rule holds though memory may fault",
		File: "fd/rw_linux.go",
		Old:  `fd.calls == sys.RawCalls && !fd.inherits`, New: `(fd.calls == sys.RawCalls || true) && !fd.inherits`,
		Breaks: "Config.MemoryMayFault",
		Tests:  []string{"./fd -run TestShortReadOfMemoryThatFaults"},
	},
	{
		Name: "the short-read rule holds though the descriptor is exposed",
		File: "fd/rw_linux.go",
		Old:  `!fd.inherits && !fd.exposed.Load() && `, New: `!fd.inherits && `,
		Breaks:     "the short-read rule is over once the descriptor was given out",
		Tests:      []string{"./fd -run TestUrgentByteTakenBySomeoneElse|TestReadsBySomeoneElse|TestRawReadBetweenReads"},
		Equivalent: "code that relies on the rule looks whether the descriptor is exposed",
	},
	{
		Name: "the short-read rule holds after a FIN",
		File: "fd/rw_linux.go",
		Old:  ` && !fd.exposed.Load() && !fd.pd.Exceptional()`, New: ` && !fd.exposed.Load()`,
		Breaks: "I6: a FIN shares its edge with the data before it",
		Tests:  []string{searchFD, "./fd -run TestShortReadThen"},
	},
	{
		Name: "a Read waits after a short one though the descriptor is exposed meanwhile",
		File: "fd/rw_linux.go",
		Old:  `return fd.sawEmpty && !fd.exposed.Load() && fd.isTCP()`, New: `return fd.sawEmpty && fd.isTCP()`,
		Breaks: "FD.MarkExposed: the short-read rule is over",
		Tests:  []string{"./internal/parity/options -run TestLowWaterMark"},
	},
	{
		Name: "a Read that an edge lets go on stays one that waits first",
		File: "fd/rw_linux.go",
		Old: `	if err == nil {
		fd.sawEmpty = false
	}
	return err
`,
		New: `	return err
`,
		Breaks: "I4: the edge was taken, and a wait for readiness leaves the data there",
		Tests:  []string{searchFD, "./fd -run TestWaitReadableTakesNothing"},
	},
	{
		Name: "a Read after a short one forgets the edge before it waits",
		File: "fd/rw_linux.go",
		Old:  `	err := fd.waitEdge(polldesc.Read) // DOC: drained-wait`,
		New: `	if err := fd.pd.Prepare(polldesc.Read); err != nil {
		return err
	}
	err := fd.waitEdge(polldesc.Read) // DOC: drained-wait`,
		Breaks: "HB-3: no system call follows the reset",
		Tests:  []string{"./fd -run TestBetweenShortReadAndRead|TestRacesShortRead"},
	},
	{
		Name: "a Read forgets edges after EAGAIN",
		File: "fd/rw_linux.go",
		Old: `		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {`,
		New: `		if err == syscall.EAGAIN {
			if err = fd.pd.Prepare(polldesc.Read); err == nil {
				err = fd.waitEdge(polldesc.Read)
			}
			if err == nil {`,
		Breaks: "HB-3",
		Tests:  []string{"./fd -run TestEdgeBetweenCallAndWait"},
	},
	{
		Name: "a Read at an urgent byte is not made again",
		File: "fd/rw_linux.go",
		Old:  `if err != syscall.EAGAIN || !fd.heldAtMark() {`, New: `if true {`,
		Breaks: "FD.heldAtMark: a signal at an urgent byte",
		Tests:  []string{"./fd -run TestReadAtUrgentByteIsMadeAgain"},
	},
	{
		Name: "a Read at an urgent byte is made again once",
		File: "fd/rw_linux.go",
		Old: `	for {
		n, err = fd.calls.RecvFrom(fd.sysfd, p, nil) // DOC: read-syscall
		fd.note(tracer.Recv, n, err)
		if err != syscall.EAGAIN || !fd.heldAtMark() {
			return n, err
		}
	}
`,
		New: `	n, err = fd.calls.RecvFrom(fd.sysfd, p, nil) // DOC: read-syscall
	if err == syscall.EAGAIN && fd.heldAtMark() {
		n, err = fd.calls.RecvFrom(fd.sysfd, p, nil)
	}
	return n, err
`,
		Breaks: "FD.heldAtMark: the next call may meet another signal",
		Tests:  []string{"./fd -run TestReadAtUrgentByteIsMadeAgain"},
	},
	{
		Name: "a Read at an urgent byte is made again though nothing is there",
		File: "fd/rw_linux.go",
		Old:  `return is && err == nil`, New: `return is || err == nil`,
		Breaks: "FD.heldAtMark: the urgent byte may not have arrived",
		Tests:  []string{"./fd -run TestReadAtMarkWithoutDataWaits"},
	},
	{
		Name: "a Read of an exposed socket does not ask for the mark",
		File: "fd/rw_linux.go",
		Old:  `if !fd.mayBeAtMark() || !sys.AtMark(fd.sysfd) {`, New: `if !fd.mayBeAtMark() {`,
		Breaks: "an exposed socket makes one recvfrom for each EAGAIN",
		Tests:  []string{"./fd -run TestReadsOfExposedSocket"},
	},
	{
		Name: "a Read believes that epoll has reported every mark",
		File: "fd/rw_linux.go",
		Old:  `(fd.exposed.Load() || fd.pd.Exceptional())`, New: `fd.pd.Exceptional()`,
		Breaks: "FD.mayBeAtMark: another owner may receive the urgent byte before epoll_wait looks",
		Tests:  []string{"./fd -run TestReadAtUnseenMark"},
	},
	{
		Name: "an accepted connection is asked for a mark as an exposed one",
		File: "fd/rw_linux.go",
		Old:  `(fd.exposed.Load() || fd.pd.Exceptional())`, New: `(fd.inherits || fd.exposed.Load() || fd.pd.Exceptional())`,
		Breaks: "FD.mayBeAtMark: no other owner can receive its urgent byte",
		Tests:  []string{"./fd -run TestReadsOfExposedSocket"},
	},
	{
		Name: "a Read passes over the error that a wait has kept",
		File: "fd/rw_linux.go",
		Old: `	if err := fd.owed(polldesc.Read); err != nil {
		return 0, err
	}
`,
		New:    "",
		Breaks: "WaitReadable keeps an error for the next call that reads",
		Tests:  []string{"./fd -run TestWaitingForAnError"},
	},
	{
		Name: "a Write passes over the error that a wait has kept",
		File: "fd/rw_linux.go",
		Old: `	if err := fd.owed(polldesc.Write); err != nil {
		return 0, err
	}
`,
		New:    "",
		Breaks: "WaitWritable keeps an error for the next call that writes",
		Tests:  []string{"./fd -run TestWaitingForAnErrorOfAStream|TestWaitWritableKeeps"},
	},
	{
		Name: "a Write in pieces begins each at the front",
		File: "fd/rw_linux.go",
		Old:  `chunk := p[nn:]`, New: `chunk := p[:len(p)-nn]`,
		Breaks: "Write: all of p, in order",
		Tests:  []string{"./fd -run TestBulk$"},
	},
	{
		Name: "a Write that fails does not count what was taken",
		File: "fd/rw_linux.go",
		Old: `		if err != nil {
			return nn, err
		}
		if n == 0 {`,
		New: `		if err != nil {
			return n, err
		}
		if n == 0 {`,
		Breaks: "Write returns how much was taken when it fails",
		Tests:  []string{"./fd -run TestFailingCalls"},
	},
	{
		Name: "a Read believes a hang-up and leaves the data before it",
		File: "fd/rw_linux.go",
		Old: `	for {
		n, err := fd.receive(p)
`,
		New: `	for {
		if fd.pd.HungUp() {
			return 0, io.EOF
		}
		n, err := fd.receive(p)
`,
		Breaks: "cloudwego/netpoll#226: the system call says when the stream ends",
		Tests:  []string{searchFD, "./fd -run TestDataThen|TestShortReadThen"},
	},
}
