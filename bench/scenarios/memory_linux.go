package scenarios

import (
	"context"
	"time"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

func measureMemory(ctx context.Context, at servers.Cell) (measure.Run, error) {
	srv, err := process.Start(ctx, at, nil)
	if err != nil {
		return measure.Run{}, err
	}
	defer srv.Stop()
	if err := warmOnce(ctx, srv); err != nil {
		return measure.Run{}, err
	}
	before, slab, err := memoryNow(srv)
	if err != nil {
		return measure.Run{}, err
	}
	start := time.Now()
	cl, err := client.Echo(srv, servers.Point{Conns: at.Conns, Size: 8})
	if err != nil {
		return measure.Run{}, err
	}
	defer cl.Close()
	if _, err := cl.Run(ctx, 0); err != nil {
		return measure.Run{}, err
	}
	seconds := time.Since(start).Seconds()
	after, slabAfter, err := memoryNow(srv)
	if err != nil {
		return measure.Run{}, err
	}
	return measure.Run{
		Cell:           at,
		Requests:       at.Conns,
		Seconds:        seconds,
		Memory:         float64(after.Resident-before.Resident) / float64(at.Conns),
		KernelMemory:   float64(slabAfter-slab) / float64(at.Conns),
		ServerMaxProcs: srv.Hello.MaxProcs,
	}, nil
}

// warmOnce makes a server set up what it sets up once.
func warmOnce(ctx context.Context, srv *process.Server) error {
	cl, err := client.Echo(srv, servers.Point{Conns: 1, Size: 8})
	if err != nil {
		return err
	}
	defer cl.Close()
	_, err = cl.Run(ctx, measure.WarmUp)
	return err
}

// memoryNow waits for the kernel to have freed what the run before has left, as well as that can be seen.
func memoryNow(srv *process.Server) (snap process.Snapshot, slab int64, err error) {
	if snap, err = srv.TrimmedSnapshot(); err != nil {
		return snap, 0, err
	}
	const still, patience = 256 << 10, 40
	last := machine.SlabMemory()
	for range patience {
		time.Sleep(50 * time.Millisecond)
		slab = machine.SlabMemory()
		if max(last-slab, slab-last) < still {
			break
		}
		last = slab
	}
	return snap, slab, nil
}
