package machine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Times is how long all processors together have been at work, been taken away by a hypervisor, and been idle, since the
// machine started.
type Times struct{ Busy, Stolen, Idle time.Duration }

// Now reads the clocks of the processors, which go by hundredths of a second.
func Now() Times { return parseTimes(read("/proc/stat")) }

// parseTimes reads the first line of /proc/stat: "cpu user nice system idle iowait irq softirq steal ...".
func parseTimes(stat string) (t Times) {
	const idle, iowait, steal = 4, 5, 8
	line, _, _ := strings.Cut(stat, "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i > steal {
			continue // guests' time is part of user and nice
		}
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return Times{}
		}
		switch d := time.Duration(ticks) * 10 * time.Millisecond; i {
		case idle, iowait:
			t.Idle += d
		case steal:
			t.Stolen += d
		default:
			t.Busy += d
		}
	}
	return t
}

// Use is how the processors spent some time, as shares of all of them.
type Use struct {
	Busy   float64 `json:"busy"`
	Stolen float64 `json:"stolen"` // by a hypervisor, for other machines
}

// Since is the use from before to t.
func (t Times) Since(before Times) Use {
	busy, stolen, idle := t.Busy-before.Busy, t.Stolen-before.Stolen, t.Idle-before.Idle
	all := max(float64(busy+stolen+idle), 1)
	return Use{Busy: max(0, float64(busy)/all), Stolen: max(0, float64(stolen)/all)}
}

// A machine is quiet while its processors are at work for other programs, and taken by a hypervisor, for no more than
// these shares. Measured: an idle virtual machine has up to 0.02 of both.
const (
	mostBusy   = 0.05
	mostStolen = 0.05
)

func (u Use) quiet() bool { return u.Busy <= mostBusy && u.Stolen <= mostStolen }

const (
	// look is how long one look at the processors takes: a hundred of their ticks where there are two.
	look = 500 * time.Millisecond
	// patience is how long WaitQuiet waits for something that ends by itself, like the compiler that has just built this.
	patience = 10 * time.Second
)

// WaitQuiet returns when the machine has been quiet for half a second. If it is not within ten seconds, the error says why.
// A load average would still count the compiler a minute after it has ended.
func WaitQuiet(ctx context.Context) (Use, error) {
	return waitQuiet(int(patience/look), func() (Use, error) {
		before := Now()
		select {
		case <-ctx.Done():
			return Use{}, ctx.Err()
		case <-time.After(look):
			return Now().Since(before), nil
		}
	})
}

func waitQuiet(looks int, see func() (Use, error)) (Use, error) {
	var u Use
	for range looks {
		var err error
		if u, err = see(); err != nil || u.quiet() {
			return u, err
		}
	}
	return u, fmt.Errorf("the machine is busy: other programs use %.0f %% of its processors and a hypervisor takes %.0f %%; "+
		"figures would say more about those than about this library. End what else runs, or measure all the same with -force",
		100*u.Busy, 100*u.Stolen)
}
