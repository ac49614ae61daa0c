package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// A Use is what a process uses, in bytes.
type Use struct {
	Heap     int // and what the runtime has made outside, such as a pollDesc for each socket
	Stacks   int
	Resident int
}

// measure returns the use of this process without garbage.
func measure() (u Use, err error) {
	runtime.GC()         // moves what a sync.Pool has to where the next collection finds it
	debug.FreeOSMemory() // a collection; what was garbage is resident no more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Heap, u.Stacks = int(m.HeapAlloc+m.OtherSys), int(m.StackInuse)
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return u, err
	}
	var size, pages int
	if _, err := fmt.Sscan(string(statm), &size, &pages); err != nil {
		return u, err
	}
	u.Resident = pages * os.Getpagesize()
	return u, nil
}

// processorTime returns what this process has used of the processors.
func processorTime() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// slabs returns the bytes that the kernel's objects take, of all processes: of a connection, both
// ends with their sockets, inodes, files and watches.
func slabs() (int, error) {
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	_, line, _ := strings.Cut(string(meminfo), "\nSlab:")
	var kib int
	if _, err := fmt.Sscan(line, &kib); err != nil {
		return 0, fmt.Errorf("/proc/meminfo has no Slab: %w", err)
	}
	return kib << 10, nil
}

// descriptors returns how many this process may have. Go has raised that to the hard limit.
func descriptors() (int, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return int(min(limit.Cur, 1<<30)), err
}
