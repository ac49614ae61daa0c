package client

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
	"github.com/a57b2d82/netpoller/bench/sys"
)

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

// OpenLoop is Echo at the point's rate, whatever the replies do.
func OpenLoop(srv *process.Server, p servers.Point) (Loader, error) {
	c, err := newClient(srv.Hello.Addr, p.Conns, echoDialogue(p.Size))
	if err != nil {
		return nil, err
	}
	o := &openLoop{client: c, interval: time.Second / time.Duration(p.Rate), next: make([]int, p.Conns)}
	c.events = make([]unix.EpollEvent, min(p.Conns, openEvents))
	// epoll_wait counts in milliseconds, which is too coarse.
	o.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err == nil {
		ev := unix.EpollEvent{Events: unix.EPOLLIN | sys.EdgeTriggered, Fd: timerEvent}
		err = unix.EpollCtl(c.epfd, unix.EPOLL_CTL_ADD, o.timer, &ev)
	}
	if err != nil {
		o.Close()
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	return o, nil
}

func (o *openLoop) Close() {
	unix.Close(o.timer)
	o.client.Close()
}

func (o *openLoop) Run(ctx context.Context, d time.Duration) (Load, error) {
	l := Load{Latency: newHistogram(), Late: newHistogram()}
	total := max(1, int(d/o.interval))
	for i := range o.next {
		o.next[i] = i
	}
	o.armed = -1
	cpu, start := counting.ProcessCPU(), o.now()
	for issued, last := 0, start; l.Requests < total; {
		for ; issued < total && o.due(start, issued) <= o.now(); issued++ {
			if err := o.issue(issued, start, &l); err != nil {
				return l, err
			}
		}
		if issued < total && o.armed != issued {
			if err := o.arm(o.due(start, issued)); err != nil {
				return l, err
			}
			o.armed = issued
		}
		n, err := o.wait(ctx, last, total-l.Requests)
		if err != nil {
			return l, err
		}
		last, err = o.receive(n, last, start, min(total, issued), &l)
		if err != nil {
			return l, err
		}
	}
	l.Elapsed, l.CPU = o.now()-start, counting.ProcessCPU()-cpu
	return l, nil
}

// issue starts request i, which is due, unless its connection is busy: that starts it when the one before is done.
func (o *openLoop) issue(i int, start time.Duration, l *Load) error {
	conn := i % len(o.conns)
	if o.next[conn] != i || o.busy(conn) {
		return nil
	}
	if err := l.Late.RecordValue(int64(min(o.now()-o.due(start, i), slowest))); err != nil {
		return err
	}
	return o.start(conn, start)
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
func (o *openLoop) receive(n int, last, start time.Duration, issued int, l *Load) (time.Duration, error) {
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
