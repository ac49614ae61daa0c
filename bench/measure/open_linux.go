package measure

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// An open loop shows the server only while its client has time to spare. A run beyond one of these bounds is invalid, and no
// summary contains it.
const (
	// MostBusy is the share of one core that the client may use.
	MostBusy = 0.5
	// MostLate is how late the latest of a hundred requests may have gone out. Measured: on two virtual processors a client
	// that sleeps between ticks is up to 1 ms late in half of the runs, however low its rate.
	MostLate = 2 * time.Millisecond
)

// Attempts is how often a run of the open loop is made until it is valid: a hypervisor makes clients late now and then.
const Attempts = 4

// Invalid says why a run of the open loop shows its client rather than the server; it is empty for a good run.
func (r Run) Invalid() string {
	late := time.Duration(r.Late * float64(time.Microsecond))
	switch {
	case r.Rate == 0:
		return ""
	case r.ClientBusy > MostBusy:
		return fmt.Sprintf("its client used %.0f %% of a core", 100*r.ClientBusy)
	case late > MostLate:
		return fmt.Sprintf("its client was %v late", late.Round(10*time.Microsecond))
	}
	return ""
}

// enough is how many processors there must be before the client of an open loop gets one of its own.
const enough = 4

// startServer starts a server. In an open loop on four processors or more, one of them is left to the client, which is this
// thread: the server inherits the others, and so its GOMAXPROCS is one less. undo gives this thread all of them back. With
// fewer processors a server would lose too much of the machine; there the client shares them, and its lateness shows how well.
func startServer(ctx context.Context, at servers.Cell, count counting.Counter) (srv *process.Server, undo func(), err error) {
	var all unix.CPUSet
	if at.Rate == 0 || unix.SchedGetaffinity(0, &all) != nil || all.Count() < enough {
		srv, err := process.Start(ctx, at, count)
		return srv, func() {}, err
	}
	rest, own := split(all)
	if err := unix.SchedSetaffinity(0, &rest); err != nil {
		return nil, nil, fmt.Errorf("sched_setaffinity: %w", err)
	}
	undo = func() { unix.SchedSetaffinity(0, &all) }
	if srv, err = process.Start(ctx, at, count); err == nil {
		err = unix.SchedSetaffinity(0, &own)
	}
	if err != nil {
		undo()
		return nil, nil, err
	}
	return srv, undo, nil
}

// split takes the last processor from the others.
func split(all unix.CPUSet) (rest, own unix.CPUSet) {
	last := 0
	for i, left := 0, all.Count(); left > 0; i++ {
		if all.IsSet(i) {
			last, left = i, left-1
		}
	}
	rest = all
	rest.Clear(last)
	own.Set(last)
	return rest, own
}
