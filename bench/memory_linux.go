package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

var memoryScenario = scenario{
	key: "memory", title: "Idle connections", unit: "connection",
	shows: "Memory per connection of a server whose connections have each been used once and are idle: a goroutine in " +
		"Read with a buffer of 4 KiB, where there are goroutines. Kernel memory is the growth of the machine's slabs, for " +
		"both ends of the connection.",
	points:    []point{{Conns: 10_000}, {Conns: 100_000}},
	start:     serveEach(echo),
	raw:       startRaw(rawEcho),
	cloudwego: startCloudwego,
	measure:   measureMemory,
	compared:  []string{"memory", "kernel"},
}

func measureMemory(ctx context.Context, at cell, _ settings) (run, error) {
	srv, err := startServer(ctx, at, nil)
	if err != nil {
		return run{}, err
	}
	defer srv.stop()
	if err := warmOnce(ctx, srv.hello.Addr); err != nil {
		return run{}, err
	}
	before, slab, err := memoryNow(srv)
	if err != nil {
		return run{}, err
	}
	start := time.Now()
	cl, err := newClient(srv.hello.Addr, at.Conns, echoDialogue(8))
	if err != nil {
		return run{}, err
	}
	defer cl.close()
	if _, err := cl.run(ctx, 0); err != nil {
		return run{}, err
	}
	seconds := time.Since(start).Seconds()
	after, slabAfter, err := memoryNow(srv)
	if err != nil {
		return run{}, err
	}
	return run{
		cell:           at,
		Requests:       at.Conns,
		Seconds:        seconds,
		Memory:         float64(after.Resident-before.Resident) / float64(at.Conns),
		KernelMemory:   float64(slabAfter-slab) / float64(at.Conns),
		ServerMaxProcs: srv.hello.MaxProcs,
	}, nil
}

// warmOnce makes a server set up what it sets up once.
func warmOnce(ctx context.Context, addr string) error {
	cl, err := newClient(addr, 1, echoDialogue(8))
	if err != nil {
		return err
	}
	defer cl.close()
	_, err = cl.run(ctx, warmUp)
	return err
}

// memoryNow waits for the kernel to have freed what the run before has left, as well as that can be seen.
func memoryNow(srv *server) (snap snapshot, slab int64, err error) {
	if err := srv.ask(command{Trim: true}, &snap); err != nil {
		return snap, 0, err
	}
	const still, patience = 256 << 10, 40
	last := slabMemory()
	for range patience {
		time.Sleep(50 * time.Millisecond)
		slab = slabMemory()
		if max(last-slab, slab-last) < still {
			break
		}
		last = slab
	}
	return snap, slab, nil
}

// slabMemory is what the kernel uses for its own small objects, sockets and descriptors among them.
func slabMemory() int64 {
	meminfo, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(meminfo)) {
		if value, ok := strings.CutPrefix(line, "Slab:"); ok {
			kB, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kB << 10
		}
	}
	return 0
}

// connectionsPerAddress is fewer than half of the ports that Linux gives to one address by default: it tries the other half
// last, and then has to search for each.
const connectionsPerAddress = 10_000

// source is the loopback address that a client's i-th connection comes from; empty for any.
func source(i int) string {
	if i < connectionsPerAddress {
		return ""
	}
	return fmt.Sprintf("127.0.1.%d", i/connectionsPerAddress)
}
