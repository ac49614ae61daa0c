package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

var openScenario = scenario{
	key: "open", title: "Echo at a fixed rate", unit: "request",
	shows: "Open loop: requests are due by the clock, at a share of what net reached in the closed loop, the same rate for " +
		"all; latency counts from when a request was due, so a stall counts for every request that it held back.",
	points:    openPoints([]int{64, 1000}, []int{30, 60, 80}),
	start:     serveEach(echo),
	raw:       startRaw(rawEcho),
	cloudwego: startCloudwego,
	load:      loadOpen,
	compared:  []string{"p50", "p99", "p99_9", "cpu"},
	others:    []string{"per_second", "late"},
}

func openPoints(conns, loads []int) []point {
	var points []point
	for _, n := range conns {
		for _, load := range loads {
			points = append(points, point{Conns: n, Size: 64, Load: load})
		}
	}
	return points
}

// calibrate turns the loads of points into rates, by what net does in a closed loop on this machine now.
func calibrate(ctx context.Context, points []point, d time.Duration) ([]point, error) {
	var done []point
	for _, p := range points {
		if p.Load > 0 && len(done) > 0 && done[len(done)-1].Conns == p.Conns && done[len(done)-1].Size == p.Size {
			p.Rate = done[len(done)-1].Rate * p.Load / done[len(done)-1].Load
		} else if p.Load > 0 {
			var rates []float64
			for range 3 {
				at := cell{echoScenario.key, baseline, point{Conns: p.Conns, Size: p.Size}}
				r, err := measureLoad(ctx, echoScenario, at, settings{Duration: d})
				if err != nil {
					return nil, fmt.Errorf("calibrating: %w", err)
				}
				rates = append(rates, r.PerSecond)
			}
			p.Rate = max(1, int(newFigure(rates).Median)*p.Load/100)
		}
		done = append(done, p)
	}
	return done, nil
}

// openLoop sends requests when they are due. Request i belongs to connection i modulo their number; one that finds its
// connection busy goes out when that has its reply, and is late.
type openLoop struct {
	*client
	timer    int
	armed    int // the request that the timer is set for
	interval time.Duration
	next     []int // the number of each connection's next request
}

// openEvents are few, so that between them the loop looks for requests that have become due.
const openEvents = 32

// timerEvent is the timer's in the place of a connection's index.
const timerEvent = -1

func loadOpen(srv *server, p point) (loader, error) {
	c, err := newClient(srv.hello.Addr, p.Conns, echoDialogue(p.Size))
	if err != nil {
		return nil, err
	}
	o := &openLoop{client: c, interval: time.Second / time.Duration(p.Rate), next: make([]int, p.Conns)}
	c.events = make([]unix.EpollEvent, min(p.Conns, openEvents))
	// epoll_wait counts in milliseconds, which is too coarse.
	o.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err == nil {
		ev := unix.EpollEvent{Events: unix.EPOLLIN | edgeTriggered, Fd: timerEvent}
		err = unix.EpollCtl(c.epfd, unix.EPOLL_CTL_ADD, o.timer, &ev)
	}
	if err != nil {
		o.close()
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	return o, nil
}

func (o *openLoop) close() {
	unix.Close(o.timer)
	o.client.close()
}

func (o *openLoop) run(ctx context.Context, d time.Duration) (load, error) {
	l := load{latency: newHistogram(), late: newHistogram()}
	total := max(1, int(d/o.interval))
	for i := range o.next {
		o.next[i] = i
	}
	o.armed = -1
	cpu, start := processCPU(), o.now()
	for issued, last := 0, start; l.requests < total; {
		for ; issued < total && o.due(start, issued) <= o.now(); issued++ {
			conn := issued % len(o.conns)
			if o.next[conn] != issued || o.busy(conn) {
				continue // sent when the one before is done
			}
			if err := l.late.RecordValue(int64(min(o.now()-o.due(start, issued), slowest))); err != nil {
				return l, err
			}
			if err := o.start(conn, start); err != nil {
				return l, err
			}
		}
		if issued < total && o.armed != issued {
			if err := o.arm(o.due(start, issued)); err != nil {
				return l, err
			}
			o.armed = issued
		}
		n, err := o.wait(ctx, last, total-l.requests)
		if err != nil {
			return l, err
		}
		last, err = o.receive(n, last, start, min(total, issued), &l)
		if err != nil {
			return l, err
		}
	}
	l.elapsed, l.cpu = o.now()-start, processCPU()-cpu
	return l, nil
}

// due is when request i should go out.
func (o *openLoop) due(start time.Duration, i int) time.Duration {
	return start + time.Duration(i)*o.interval
}

func (o *openLoop) busy(conn int) bool { return o.conns[conn].got < o.talk.length }

// start sends a connection's next request, for which it has been due for a while, maybe.
func (o *openLoop) start(conn int, start time.Duration) error {
	due := o.due(start, o.next[conn])
	o.next[conn] += len(o.conns)
	return o.send(&o.conns[conn], due)
}

// arm wakes the loop at a time, which may have come.
func (o *openLoop) arm(at time.Duration) error {
	in := max(1, at-o.now())
	err := unix.TimerfdSettime(o.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(in))}, nil)
	if err != nil {
		return fmt.Errorf("timerfd_settime: %w", err)
	}
	return nil
}

// receive handles n events. A connection with a request that is due, so one below issued, goes on with that.
func (o *openLoop) receive(n int, last, start time.Duration, issued int, l *load) (time.Duration, error) {
	for _, ev := range o.events[:n] {
		if ev.Fd == timerEvent {
			continue
		}
		conn := int(ev.Fd)
		done, err := o.advance(&o.conns[conn])
		if err != nil {
			return last, err
		}
		if !done {
			continue
		}
		last = o.now()
		if err := l.record(last-o.conns[conn].sent, 1); err != nil {
			return last, err
		}
		if o.next[conn] < issued {
			if err := o.start(conn, start); err != nil {
				return last, err
			}
		}
	}
	return last, nil
}
