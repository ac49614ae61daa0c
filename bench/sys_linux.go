package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// edgeTriggered is EPOLLET, which package unix declares as a negative number on some machines.
const edgeTriggered = 1 << 31

// epollWait retries when a signal interrupts it: the Go runtime sends some.
func epollWait(epfd int, events []unix.EpollEvent, millis int) (int, error) {
	for {
		n, err := unix.EpollWait(epfd, events, millis)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// processCPU is the user and system time this process has used.
func processCPU() time.Duration {
	user, system, _ := usage()
	return user + system
}

// usage returns the processor time of this process and how often its threads were switched out.
func usage() (user, system time.Duration, switches int64) {
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		panic(err) // cannot fail with these arguments
	}
	return time.Duration(ru.Utime.Nano()), time.Duration(ru.Stime.Nano()), int64(ru.Nvcsw) + int64(ru.Nivcsw)
}

// raiseFileLimit makes room for the descriptors of conns connections, here and, by inheritance, in the servers.
func raiseFileLimit(conns int) error {
	need := uint64(conns) + 100 // standard streams, pipes, epoll, the runtime's own
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	if limit.Cur >= need {
		return nil
	}
	hard := limit.Max
	limit.Cur = max(need, hard)
	limit.Max = limit.Cur // which takes privileges if it is more than before
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil && need > hard {
		return fmt.Errorf("%d connections need %d open files, the hard limit is %d (see ulimit -Hn)", conns, need, hard)
	} else if err != nil {
		return fmt.Errorf("setrlimit: %w", err)
	}
	return nil
}
