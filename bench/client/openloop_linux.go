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

// openLoop sends every request when it is due, whatever the replies do: a connection may have any number of requests under
// way, one behind the other. Request i belongs to connection i modulo their number, and is due at i times the interval,
// rounded down to a tick: those of one tick go out together, as otherwise the client would be asleep and awake again for each
// of them and need half a core for a few thousand.
//
// Only two things can make a request late: this process, if it does not run in time (Load.Late says by how much), and a
// socket that is full because the server has not read for long. Latency counts from when a request was due in both cases.
type openLoop struct {
	*client
	timer    int
	armed    int // the request that the timer is set for
	interval time.Duration
	start    time.Duration // of the run, since epoch
	flows    []flow
}

// flow counts the requests of a connection in a run.
type flow struct {
	due     int // that should have gone out
	sent    int // that have
	replied int // whose replies are complete
	before  uint64
}

// Tick is how far apart the requests of an open loop are due, if there is more than one in it.
const Tick = time.Millisecond

const (
	// openEvents are few, so that between them the loop looks for requests that have become due.
	openEvents = 32
	// openBuffer has room for many replies, so that one read takes all that are there.
	openBuffer = 64 << 10
	// timerEvent is the timer's in the place of a connection's index.
	timerEvent = -1
)

// OpenLoop is Echo at the point's rate, whatever the replies do.
func OpenLoop(srv *process.Server, p servers.Point) (Loader, error) {
	c, err := newClient(srv.Hello.Addr, p.Conns, echoDialogue(p.Size))
	if err != nil {
		return nil, err
	}
	o := &openLoop{client: c, interval: time.Second / time.Duration(p.Rate), flows: make([]flow, p.Conns)}
	c.events = make([]unix.EpollEvent, min(p.Conns+1, openEvents))
	c.buf = make([]byte, openBuffer)
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
	for i := range o.flows {
		c := &o.conns[i]
		o.flows[i], c.written, c.got = flow{before: c.seq}, 0, 0
	}
	cpu := counting.ProcessCPU()
	o.start, o.armed = o.now(), -1
	for issued, last := 0, o.start; l.Requests < total; {
		for ; issued < total && o.due(issued) <= o.now(); issued++ {
			if err := o.issue(issued, &l); err != nil {
				return l, err
			}
		}
		if issued < total && o.armed != issued {
			if err := o.arm(issued); err != nil {
				return l, err
			}
		}
		n, err := o.wait(ctx, last, issued-l.Requests)
		if err != nil {
			return l, err
		}
		for _, ev := range o.events[:n] {
			if ev.Fd == timerEvent {
				continue
			}
			last = o.now()
			if err := o.serve(int(ev.Fd), &l); err != nil {
				return l, err
			}
		}
	}
	for i, f := range o.flows {
		o.conns[i].seq = f.before + uint64(f.sent)
	}
	l.Elapsed, l.CPU = o.now()-o.start, counting.ProcessCPU()-cpu
	return l, nil
}

// due is when request i should go out.
func (o *openLoop) due(i int) time.Duration {
	return o.start + (time.Duration(i) * o.interval).Truncate(Tick)
}

// issue sends request i, which is due.
func (o *openLoop) issue(i int, l *Load) error {
	conn := i % len(o.flows)
	o.flows[conn].due++
	if err := l.Late.RecordValue(int64(min(o.now()-o.due(i), slowest))); err != nil {
		return err
	}
	return o.push(conn)
}

// push writes what a connection's requests have left, as far as its socket has room.
func (o *openLoop) push(conn int) error {
	f, c := &o.flows[conn], &o.conns[conn]
	for f.sent < f.due {
		c.seq = f.before + uint64(f.sent) + 1
		if err := o.write(c); err != nil {
			return err
		}
		if c.written < len(o.talk.request) {
			return nil // the socket is full
		}
		c.written = 0
		f.sent++
	}
	return nil
}

// serve handles an event of a connection: room to write, or replies.
func (o *openLoop) serve(conn int, l *Load) error {
	if err := o.push(conn); err != nil {
		return err
	}
	f := &o.flows[conn]
	for f.replied < f.due {
		n, errno := sys.Read(o.conns[conn].fd, o.buf)
		switch {
		case errno == unix.EAGAIN:
			return nil
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return fmt.Errorf("read: %w", errno)
		case n == 0:
			return fmt.Errorf("server closed the connection with %d replies owed", f.due-f.replied)
		}
		if err := o.take(conn, o.buf[:n], l); err != nil {
			return err
		}
		if n < len(o.buf) {
			return nil // there was no more; what comes now is another event
		}
	}
	return nil
}

// take counts in the replies that end in p.
func (o *openLoop) take(conn int, p []byte, l *Load) error {
	f, c, now := &o.flows[conn], &o.conns[conn], o.now()
	for len(p) > 0 {
		if f.replied == f.sent {
			return fmt.Errorf("server sent %d bytes more than it was asked for", len(p))
		}
		piece := p[:min(len(p), o.talk.length-c.got)]
		if err := o.talk.check(f.before+uint64(f.replied)+1, c.got, piece); err != nil {
			return err
		}
		p = p[len(piece):]
		if c.got += len(piece); c.got < o.talk.length {
			return nil
		}
		i := f.replied*len(o.flows) + conn
		c.got = 0
		f.replied++
		if err := l.record(now-o.due(i), 1); err != nil {
			return err
		}
	}
	return nil
}

// arm wakes the loop when request i is due, which may be now.
func (o *openLoop) arm(i int) error {
	in := max(1, o.due(i)-o.now())
	if err := unix.TimerfdSettime(o.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(in))}, nil); err != nil {
		return fmt.Errorf("timerfd_settime: %w", err)
	}
	o.armed = i
	return nil
}
