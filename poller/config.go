package poller

// A Wait is how a reactor waits for its epoll instance.
type Wait int

const (
	// WaitParked parks the reactor goroutine in Go's own poller, which watches the
	// epoll descriptor. An idle reactor holds no thread and no P. Deadlines have the
	// resolution of Go's timers.
	WaitParked Wait = iota

	// WaitThread blocks the reactor's thread in epoll_pwait2, or epoll_wait where the
	// kernel lacks it. Deadlines have nanosecond resolution, or a millisecond's. Each
	// wait gives up a P that must be won back when events come.
	WaitThread
)

// A Config says what a Group is made of. The zero Config is the default.
type Config struct {
	// Pollers is the number of reactors; 0 means one for every 16 of GOMAXPROCS,
	// rounded up.
	Pollers int

	// Wait is how each of them waits; the default is WaitParked.
	Wait Wait
}

// check panics if c makes no sense.
func (c Config) check() {
	if c.Pollers < 0 {
		panic("poller: negative number of pollers")
	}
	if c.Wait != WaitParked && c.Wait != WaitThread {
		panic("poller: unknown wait strategy")
	}
}
