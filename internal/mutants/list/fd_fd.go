package list

var fdFd = []Mutant{
	{
		Name: "Close does not evict",
		File: "fd/fd_linux.go",
		Old:  `fd.pd.Evict() // DOC: evict`, New: `// DOC: evict`,
		Breaks: "I5: Close wakes everyone",
		Tests:  []string{searchFD, "./fd -run TestCloseWakesEveryone"},
	},
	{
		Name: "Close does not wait for the last one out",
		File: "fd/fd_linux.go",
		Old:  `	fd.mu.queue(closer).acquire() // DOC: close-waits`, New: `	// DOC: close-waits`,
		Breaks: "Close returns when the descriptor is gone",
		Tests:  []string{searchFD, "./fd -run TestCloseWakesEveryone"},
	},
	{
		Name: "the last one out lets Close go before it closes",
		File: "fd/fd_linux.go",
		Old: `	fd.destroy()
	fd.mu.queue(closer).release()`,
		New: `	fd.mu.queue(closer).release()
	fd.destroy()`,
		Breaks: "Close returns when the descriptor is gone",
		Tests:  []string{searchFD, "./fd -run TestCloseReturnsWhenItIsGone"},
	},
	{
		Name: "the descriptor is closed, then unregistered",
		File: "fd/fd_linux.go",
		Old: `	if fd.interest.Load() != unregistered {
		fd.poller.Unregister(fd.sysfd) // DOC: unregister
	}
	err := fd.closeCalls().Close(fd.sysfd)
`,
		New: `	err := fd.closeCalls().Close(fd.sysfd)
	if fd.interest.Load() != unregistered {
		fd.poller.Unregister(fd.sysfd) // DOC: unregister
	}
`,
		Breaks: "HB-6, fact d",
		Tests:  []string{searchFD, "./fd -run TestCloseUnregistersDespiteDuplicate"},
	},
	{
		Name: "a registration outlives the descriptor",
		File: "fd/fd_linux.go",
		Old:  `fd.poller.Unregister(fd.sysfd) // DOC: unregister`, New: `// DOC: unregister`,
		Breaks: "fact d: the reactor may hold the socket open",
		Tests:  []string{searchFD, "./fd -run TestCloseUnregistersDespiteDuplicate", "./internal/parity/waiting -run TestCloseIsSeenAtOnceLikeNet"},
	},
	{
		Name: "what is not registered is unregistered",
		File: "fd/fd_linux.go",
		Old: `	if fd.interest.Load() != unregistered {
		fd.poller.Unregister(fd.sysfd) // DOC: unregister
	}
	err := fd`, New: `	fd.poller.Unregister(fd.sysfd) // DOC: unregister
	err := fd`,
		Breaks: "destroy: a connection that never waited costs no epoll_ctl",
		Tests:  []string{searchFD, "./fd -run TestRegistersAtTheFirstWait"},
	},
	{
		Name: "the slot is never given back",
		File: "fd/fd_linux.go",
		Old:  `fd.poller.Free(fd.pd) // DOC: free-last`, New: `// DOC: free-last`,
		Breaks: "the slot is given back",
		Tests:  []string{"./fd -run TestCloseWakesEveryone"},
	},
	{
		Name: "the descriptor is never closed",
		File: "fd/fd_linux.go",
		Old:  `err := fd.closeCalls().Close(fd.sysfd)`, New: `var err error`,
		Breaks: "Close: the descriptor is gone",
		Tests:  []string{"./fd -run TestCloseWakesEveryone"},
	},
	{
		Name: "a socket that lingers is closed by a raw call",
		File: "fd/fd_linux.go",
		Old:  `fd.lingers.Load() || `, New: ``,
		Breaks: "closeCalls: raw where close(2) cannot take long",
		Tests:  []string{"./fd -run TestCloseIsRawOnlyWhereItIsShort"},
	},
	{
		Name: "an exposed socket is closed by a raw call",
		File: "fd/fd_linux.go",
		Old:  `fd.exposed.Load() || fd.inherits`, New: `fd.inherits`,
		Breaks: "closeCalls: raw where close(2) cannot take long",
		Tests:  []string{"./fd -run TestCloseIsRawOnlyWhereItIsShort"},
	},
	{
		Name: "a connection of an exposed listener is closed by a raw call",
		File: "fd/fd_linux.go",
		Old:  `fd.inherits || fd.lingers`, New: `fd.lingers`,
		Breaks: "closeCalls: raw where close(2) cannot take long",
		Tests:  []string{"./fd -run TestCloseIsRawOnlyWhereItIsShort"},
	},
	{
		Name: "Multipath TCP is closed by a raw call",
		File: "fd/fd_linux.go",
		Old:  `!fd.isTCP() || sys`, New: `sys`,
		Breaks: "closeCalls: raw where close(2) cannot take long",
		Tests:  []string{"./fd -run TestCloseIsRawOnlyWhereItIsShort"},
	},
	{
		Name: "unread data is freed by a raw call",
		File: "fd/fd_linux.go",
		Old:  ` || sys.HoldsUnread(fd.sysfd)`, New: ``,
		Breaks: "closeCalls: raw where close(2) cannot take long",
		Tests:  []string{"./fd -run TestCloseIsRawOnlyWhereItIsShort"},
	},
	{
		Name: "close(2) is a raw call where memory may fault",
		File: "fd/fd_linux.go",
		Old: `	return fd.calls
}

// leave`, New: `	return sys.RawCalls
}

// leave`,
		Breaks: "poller.Config.MemoryMayFault",
		Tests:  []string{"./fd -run TestNoRawCloseWhereMemoryMayFault"},
	},
	{
		Name: "an operation that cannot begin keeps its side",
		File: "fd/fd_linux.go",
		Old: `	if err != nil {
		fd.unlock(m)
	}
	return err
`,
		New: `	return err
`,
		Breaks: "who locks a side unlocks it",
		Tests:  []string{"./fd -run TestEveryCallLetsGo"},
	},
	{
		Name: "a packet operation passes over the error that a wait has kept",
		File: "fd/fd_linux.go",
		Old: `	if err == nil {
		err = fd.owed(m)
	}
`,
		New:    "",
		Breaks: "WaitReadable keeps an error for the next call that reads",
		Tests:  []string{"./fd -run TestWaitingForAnError$"},
	},
	{
		Name: "an empty datagram is the end",
		File: "fd/fd_linux.go",
		Old:  `n == 0 && err == nil && fd.kind != KindPacket`, New: `n == 0 && err == nil`,
		Breaks: "packets have no end",
		Tests:  []string{"./fd -run TestPacketReads"},
	},
	{
		Name: "the empty read of a sequence of packets is none",
		File: "fd/fd_linux.go",
		Old:  `n == 0 && err == nil && fd.kind != KindPacket`, New: `n == 0 && err == nil && fd.kind.isStream()`,
		Breaks: "SeqPacket ends with an empty read",
		Tests:  []string{"./fd -run TestPacketsEnd", "./internal/parity/unix -run TestUnixPackets"},
	},
	{
		Name: "Dup does not note that the descriptor is exposed",
		File: "fd/fd_linux.go",
		Old: `	fd.MarkExposed()
	return sys.Dup(fd.sysfd)`,
		New:    `	return sys.Dup(fd.sysfd)`,
		Breaks: "FD.MarkExposed",
		Tests:  []string{"./fd -run TestUrgentByteTakenBySomeoneElse"},
	},
	{
		Name: "Shutdown keeps its reference",
		File: "fd/fd_linux.go",
		Old: `	defer fd.decref()
	return syscall.Shutdown(fd.sysfd, how)`,
		New:    `	return syscall.Shutdown(fd.sysfd, how)`,
		Breaks: "Close returns when the last one has let go",
		Tests:  []string{"./fd -run TestEveryCallLetsGo"},
	},
	{
		Name: "Shutdown takes no reference",
		File: "fd/fd_linux.go",
		Old: `	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	return syscall.Shutdown(fd.sysfd, how)`,
		New:    `	return syscall.Shutdown(fd.sysfd, how)`,
		Breaks: "HB-6: no system call meets a number that was given away",
		Tests:  []string{"./fd -run TestEverythingFailsAfterClose"},
	},
	{
		Name: "memory may fault, and calls are raw",
		File: "fd/fd_linux.go",
		Old:  `if g.Config().MemoryMayFault { // DOC: may-fault`, New: `if false && g.Config().MemoryMayFault { // DOC: may-fault`,
		Breaks: "Config.MemoryMayFault",
		Tests:  []string{"./fd -run TestShortReadOfMemoryThatFaults"},
	},
}
