package poller

// A Strategy is how a reactor waits for its epoll instance. Nested is right for nearly all
// programs; Thread is for deadlines finer than a millisecond.
type Strategy int

const (
	// Nested parks the reactor goroutine in Go's own poller, which watches the
	// epoll descriptor. An idle reactor holds no thread and no P. Deadlines have the
	// resolution of Go's timers.
	Nested Strategy = iota

	// Thread blocks the reactor's thread in epoll_pwait2, or epoll_wait where the
	// kernel lacks it. Deadlines have nanosecond resolution, or a millisecond's. Each
	// wait gives up a P that must be won back when events come.
	Thread
)

// A Config configures a Group. The zero Config is the default.
type Config struct {
	// Pollers is the number of reactors; 0 means one for every 16 of GOMAXPROCS,
	// rounded up.
	Pollers int

	// Strategy is how each of them waits; the default is Nested.
	Strategy Strategy

	// MemoryMayFault says that buffers may lie in memory whose pages take long to come, or
	// never do: a mapped file that is cold, on FUSE, or shorter than its mapping; pages
	// that userfaultfd(2) supplies, or mprotect(2) has closed. The connections of the Group
	// then make no raw system calls, which would stop the whole program until the page is
	// there, and draw no conclusion from a short read, which may have ended at a missing
	// page.
	//
	// It is also for connections that a program outside this one may change: BPF programs
	// that redirect data in a sockmap, or set socket options from a cgroup.
	//
	// Connections of package net always work like this. The price is one more system call
	// for each Read that has to wait, and about a tenth more CPU for a small request.
	MemoryMayFault bool
}

// check panics if c makes no sense.
func (c Config) check() {
	if c.Pollers < 0 {
		panic("poller: negative number of pollers")
	}
	if c.Strategy != Nested && c.Strategy != Thread {
		panic("poller: unknown wait strategy")
	}
}
