package list

var pollerPoller = []Mutant{
	{
		Name: "a reactor starts before there is a descriptor",
		File: "poller/poller_linux.go",
		Old: `	pd, err := p.alloc()
	if err != nil {
		return nil, err
	}
	p.start() // DOC: start
	return pd, nil
`,
		New: `	p.start() // DOC: start
	return p.alloc()
`,
		Breaks: "the caller of start has a descriptor open, which keeps the reactor from ending",
		Tests:  []string{searchPoller},
	},
	{
		Name: "the descriptor is written before the flag is set",
		File: "poller/poller_linux.go",
		Old: `	first := p.waking.CompareAndSwap(false, true)
	race.Show()
	if first { // DOC: wake
		p.note(tracer.Wake, 0)
		sys.Notify(p.wakefd)
	}
`,
		New: `	first := !p.waking.Load()
	race.Show()
	if first { // DOC: wake
		p.note(tracer.Wake, 0)
		sys.Notify(p.wakefd)
		p.waking.Store(true)
	}
`,
		Breaks: "HB-7: the flag is set before the descriptor is written",
		Tests:  []string{searchPoller},
		Core:   true,
	},
	{
		Name: "a descriptor is not watched for the end of the stream",
		File: "poller/poller_linux.go",
		Old:  `unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI`, New: `unix.EPOLLIN | unix.EPOLLPRI`,
		Breaks: "fact c: EPOLLRDHUP is reported only when asked for",
		Tests:  []string{"./poller -run TestEventsOf"},
	},
	{
		Name: "a descriptor is not watched for urgent data",
		File: "poller/poller_linux.go",
		Old:  `unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI`, New: `unix.EPOLLIN | unix.EPOLLRDHUP`,
		Breaks: "fact c: EPOLLPRI is reported only when asked for",
		Tests:  []string{"./poller -run TestEventsOf"},
	},
	{
		Name: "a descriptor is watched by level",
		File: "poller/poller_linux.go",
		Old:  ` | unix.EPOLLET // DOC: interest`, New: ` // DOC: interest`,
		Breaks: "fact a: edge-triggered",
		Tests:  []string{searchPoller, "./poller -run TestEventsOf"},
	},
	{
		Name: "writes stay watched",
		File: "poller/poller_linux.go",
		Old:  `return p.modify(fd, pd, reads)`, New: `return p.modify(fd, pd, readsAndWrites)`,
		Breaks: "UnwatchWrites ends what WatchWrites began",
		Tests:  []string{"./fd -run TestEPOLLOUTW"},
	},
	{
		Name: "writes are watched and reads are not",
		File: "poller/poller_linux.go",
		Old:  `readsAndWrites = reads | unix.EPOLLOUT`, New: `readsAndWrites = unix.EPOLLET | unix.EPOLLOUT`,
		Breaks: "WatchWrites makes p watch fd for writing too",
		Tests:  []string{"./poller -run TestReadsAreWatchedWithWrites"},
	},
	{
		Name:   "the slower of two sides that register fails",
		File:   "poller/poller_linux.go",
		Old:    `	if errors.Is(err, unix.EEXIST) && sys`,
		New:    `	if false && sys`,
		Breaks: "Poller.Register: both sides may call it at once",
		Tests:  []string{searchFD},
	},
	{
		Name:   "the slower of two sides that register watches its own side only",
		File:   "poller/poller_linux.go",
		Old:    `sys.EpollModify(p.epfd, fd, readsAndWrites, lo, hi) == nil {`,
		New:    `sys.EpollModify(p.epfd, fd, events, lo, hi) == nil {`,
		Breaks: "HB-2: the other side's room to write is not reported",
		Tests:  []string{searchFD},
	},
	{
		Name: "a registration that another life has left is relied on",
		File: "poller/poller_linux.go",
		Old: `	if errors.Is(err, unix.EEXIST) && sys.EpollModify(p.epfd, fd, readsAndWrites, lo, hi) == nil {
		return nil
`,
		New: `	if errors.Is(err, unix.EEXIST) {
		return nil
`,
		Breaks: "Poller.Register does not rely on the other's registration",
		Tests:  []string{"./fd -run TestRegistrationIsTakenOver"},
	},
	{
		Name: "the first wait to write watches reads",
		File: "poller/poller_linux.go",
		Old:  `polldesc.Write: readsAndWrites}[m]`, New: `polldesc.Write: reads}[m]`,
		Breaks: "Poller.Register: if m is polldesc.Write for writing too",
		Tests:  []string{searchFD},
	},
	{
		Name: "Unregister deletes nothing",
		File: "poller/poller_linux.go",
		Old:  `_ = sys.EpollDelete(p.epfd, fd) // DOC: delete-first`, New: `// DOC: delete-first`,
		Breaks: "fact d: a duplicate keeps the registration alive",
		Tests:  []string{"./fd -run TestCloseUnregistersDespiteDuplicate"},
	},
	{
		Name: "a closed Poller gives slots",
		File: "poller/poller_linux.go",
		Old: `	if p.closed {
		return nil, ErrClosed
	}
	return p`,
		New:    `	return p`,
		Breaks: "Alloc: the error is ErrClosed",
		Tests:  []string{"./poller -run TestUseAfterClose"},
	},
	{
		Name: "a closed Poller modifies an epoll instance that is not its own",
		File: "poller/poller_linux.go",
		Old: `	if p.closed {
		return nil // pd was evicted, and a wait will say so
	}
	lo, hi`,
		New:    `	lo, hi`,
		Breaks: "netty/netty#9362: no call meets a number that was given away",
		Tests:  []string{"./poller -run TestClosedPollerTouchesNobodysEpoll"},
	},
	{
		Name: "a closed Poller registers with an epoll instance that is not its own",
		File: "poller/poller_linux.go",
		Old: `	if p.closed {
		return nil // pd was evicted, and a wait will say so
	}
	events`,
		New:    `	events`,
		Breaks: "netty/netty#9362: no call meets a number that was given away",
		Tests:  []string{searchFD, "./poller -run TestClosedPollerTouchesNobodysEpoll"},
	},
	{
		Name: "a closed Poller deletes from an epoll instance that is not its own",
		File: "poller/poller_linux.go",
		Old: `	if !p.closed {
		// This fails only`,
		New: `	if true {
		// This fails only`,
		Breaks: "netty/netty#9362: no call meets a number that was given away",
		Tests:  []string{"./poller -run TestClosedPollerTouchesNobodysEpoll"},
	},
	{
		Name: "a closed Poller is woken through a descriptor that is not its own",
		File: "poller/poller_linux.go",
		Old:  `last && !p.closed {`, New: `last {`,
		Breaks: "netty/netty#9362: no call meets a number that was given away",
		Tests:  []string{"./poller -run TestReleaseAfterClose|TestUseAfterClose"},
	},
	{
		Name: "a Poller that closes evicts nobody",
		File: "poller/poller_linux.go",
		Old: `	p.cache.EvictAll() // DOC: group-close
`,
		New: `	// DOC: group-close
`,
		Breaks: "Group.Close: operations in progress fail with net.ErrClosed",
		Tests:  []string{"./poller -run TestCloseEvicts"},
	},
	{
		Name: "a Poller that closes does not wake its reactor",
		File: "poller/poller_linux.go",
		Old: `	p.stopping.Store(true)
	p.wake()
`,
		New: `	p.stopping.Store(true)
`,
		Breaks: "Close stops every reactor and waits for it to end",
		Tests:  []string{"./poller -run TestCloseLeavesNothing"},
	},
	{
		Name: "a Poller wakes its reactor before it says that it stops",
		File: "poller/poller_linux.go",
		Old: `	p.stopping.Store(true)
	p.wake()
`,
		New: `	p.wake()
	p.stopping.Store(true)
`,
		Breaks: "HB-7: what the reactor looks at is there before it is woken",
		Tests:  []string{"./poller -run TestClose"},
	},
	{
		Name: "a Poller closes its descriptors while the reactor uses them",
		File: "poller/poller_linux.go",
		Old: `	p.life.ended.Lock() // a reactor that is about to start finds stopping set
	defer p.life.ended.Unlock()
`,
		New:    "",
		Breaks: "close waits until the reactor has gone",
		Tests:  []string{"./poller -run TestClose"},
	},
	{
		Name: "a Poller is closed twice",
		File: "poller/poller_linux.go",
		Old: `	if closed {
		return
	}
	p.cache`,
		New: `	_ = closed
	p.cache`,
		Breaks: "Closing again does nothing",
		Tests:  []string{"./poller -run TestClose|TestUseAfterClose"},
	},
	{
		Name: "a Poller keeps its wake-up descriptor",
		File: "poller/poller_linux.go",
		Old: `	p.strategy.close()
	sys.CloseFD(p.wakefd)
}`,
		New: `	p.strategy.close()
}`,
		Breaks: "golang/go#22606: no descriptor is left",
		Tests:  []string{"./poller -run TestCloseLeavesNothing"},
	},
	{
		Name: "a Poller that cannot be made keeps its epoll instance",
		File: "poller/poller_linux.go",
		Old: `	wakefd, err := sys.Eventfd()
	if err != nil {
		sys.CloseFD(epfd)
		return nil, err
	}`,
		New: `	wakefd, err := sys.Eventfd()
	if err != nil {
		return nil, err
	}`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./poller -run TestFailingStart"},
	},
	{
		Name: "a Poller whose epoll instance cannot be watched keeps its wake-up descriptor",
		File: "poller/poller_linux.go",
		Old: `	if p.strategy, err = newStrategy(s, epfd); err != nil {
		sys.CloseFD(wakefd)
		return nil, err
	}`,
		New: `	if p.strategy, err = newStrategy(s, epfd); err != nil {
		return nil, err
	}`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./poller -run TestFailingStart|TestParkedNeedsGoPoller|TestNoWatchesLeft"},
	},
	{
		Name: "a failing registration keeps its slot",
		File: "poller/poller_linux.go",
		Old: `		pd.Evict()
		p.Free(pd)
		return nil, err`,
		New: `		pd.Evict()
		return nil, err`,
		Breaks: "golang/go#60782: a count that only grows",
		Tests:  []string{"./poller -run TestFailingRegister"},
	},
}
