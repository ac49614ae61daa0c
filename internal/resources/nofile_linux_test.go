package resources

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// descriptors is the program of a child that has so few descriptors: it opens sockets until
// that fails, and is given more each time.
func descriptors(args []string) {
	few, err := strconv.Atoi(args[1])
	must(err)
	limit := func(n int) func() {
		return func() { must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(n), Max: 1000})) }
	}
	u := &use{child: child{sockets: sides[args[0]]}}
	closeInherited()
	limit(few)()
	for _, s := range steps {
		u.try(s.name, func() error { return s.call(u) }, limit(1000), limit(few))
	}
	u.outcomes = append(u.outcomes, outcome{Call: atEnd, Short: strconv.Itoa(countOpen())})
	u.print()
}

// atEnd is where the outcomes say how many descriptors are open at the end.
const atEnd = "descriptors at the end"

// countOpen returns how many descriptors are open.
func countOpen() (n int) {
	for fd := range 1000 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

// cold is the program of a child that counts the descriptors with which it starts.
func cold([]string) { fmt.Print(closeInherited()) }

// closeInherited closes the descriptors that the process has from others, and returns how many
// there are besides: standard input and output, and what the runtime has opened.
func closeInherited() (own int) {
	for fd := range 64 {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		switch {
		case err != nil:
		case fd > 2 && flags&unix.FD_CLOEXEC == 0:
			must(unix.Close(fd))
		default:
			own++
		}
	}
	return own
}

const (
	fewest = 3
	most   = 40

	// more is how many descriptors ours needs beyond package net: an epoll instance and what
	// wakes it, and for a File a socket of package net's.
	more = 3
)

// If this fails, a process with few descriptors gets another error from our sockets than from
// package net's, does not get on when it has more of them, or ends.
func TestDescriptors(t *testing.T) {
	atStart, err := strconv.Atoi(nettest.Child(t, "cold"))
	require.NoError(t, err)
	theirs, ours := within(t, "net"), within(t, "ours")
	var all []string
	for _, s := range steps {
		texts := make(map[string]bool) // package net's
		needs := map[string]int{}
		for limit := fewest; limit <= most; limit++ {
			for side, processes := range map[string]map[int][]outcome{"net": theirs, "ours": ours} {
				outcomes, lives := processes[limit]
				if !lives {
					needs[side] = limit + 1
					continue
				}
				o, did := failed(outcomes, s.name)
				require.Empty(t, o.Again, "%s, %d descriptors, %s: with more of them", side, limit, s.name)
				if did {
					needs[side] = limit + 1
				}
				if did && side == "net" {
					texts[o.Error] = true
				}
			}
		}
		require.LessOrEqual(t, needs["ours"], needs["net"]+more, "%s needs more descriptors", s.name)
		require.Less(t, needs["ours"], most, "%s never works", s.name)
		for limit, outcomes := range ours {
			o, did := failed(outcomes, s.name)
			if did && !ofPoller(o) {
				require.True(t, texts[o.Error], "%d descriptors, %s: package net never says\n%s", limit, s.name, o.Error)
			}
		}
		all = append(all, row(s.name, max(0, needs["net"]-atStart), max(0, needs["ours"]-atStart)))
	}
	for _, processes := range []map[int][]outcome{theirs, ours} {
		plenty, _ := failed(processes[most], atEnd)
		for limit, outcomes := range processes {
			left, _ := failed(outcomes, atEnd)
			require.Equal(t, plenty.Short, left.Short, "%d descriptors: what fails leaves none open", limit)
		}
	}
	for limit := fewest; limit <= most; limit++ {
		if _, lives := theirs[limit]; lives {
			require.Contains(t, ours, limit, "the process ends, and package net's does not")
		}
	}
	all = append(all, row("processes of "+strconv.Itoa(most-fewest+1)+" that end", most-fewest+1-len(theirs), most-fewest+1-len(ours)))
	table(t, "Descriptors", all)
}

// ofPoller reports whether it was our poller that could not be made. Package net's, which is
// the runtime's, ends the process then.
func ofPoller(o outcome) bool {
	return strings.Contains(o.Error, `syscall="epoll_create1"`) || strings.Contains(o.Error, `syscall="eventfd"`)
}

// within runs a child with each limit, and returns the outcomes of those that did not end
// because Go's own poller could not start.
func within(t *testing.T, side string) map[int][]outcome {
	all := make(map[int][]outcome)
	for limit := fewest; limit <= most; limit++ {
		out, err := nettest.TryChild(t, "descriptors", side, strconv.Itoa(limit))
		if err != nil {
			require.Regexp(t, `runtime: (epollcreate|eventfd) failed with `, err.Error(), "%s, %d descriptors", side, limit)
			continue
		}
		var outcomes []outcome
		require.NoError(t, json.Unmarshal([]byte(out), &outcomes))
		all[limit] = outcomes
	}
	return all
}
