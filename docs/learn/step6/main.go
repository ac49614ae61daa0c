//go:build linux

// Command step6 counts the system calls that a message takes: level-triggered, edge-triggered and one-shot.
//
//	go run ./docs/learn/step6
//	go run ./docs/learn/step6 -n 200000
//
// One goroutine is the reactor and the reader by turns, so that the counts are the same in every run. The time is that of
// these calls alone: none sleeps, and nothing is woken.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// A way is how epoll watches a descriptor, and what its reader does.
type way struct {
	name   string
	events uint32
	again  bool // the reader reads until EAGAIN
	rearm  bool // the reader watches again: EPOLL_CTL_MOD
}

var ways = []way{
	{"level-triggered", unix.EPOLLIN, false, false},
	{"edge-triggered, until EAGAIN", unix.EPOLLIN | unix.EPOLLET, true, false},
	{"edge-triggered, short-read rule", unix.EPOLLIN | unix.EPOLLET, false, false},
	{"one-shot", unix.EPOLLIN | unix.EPOLLONESHOT, false, true},
}

// A count is the system calls of a reactor and a reader, and the time that they took.
type count struct {
	wait, read, ctl int
	time            time.Duration
}

// A conn is a connection that epoll watches.
type conn struct {
	way
	epfd, near, far int
	count           count
}

func newConn(w way) *conn {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	check(err)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	check(err)
	c := &conn{way: w, epfd: epfd, near: fds[0], far: fds[1]}
	check(unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, c.near, &unix.EpollEvent{Events: w.events}))
	return c
}

func (c *conn) close() {
	for _, fd := range []int{c.epfd, c.near, c.far} {
		check(unix.Close(fd))
	}
}

// poll is a turn of the reactor. It reports false if there is no event, and the reactor would sleep.
func (c *conn) poll() bool {
	var events [8]unix.EpollEvent
	n, err := unix.EpollWait(c.epfd, events[:], 0)
	check(err)
	return n > 0
}

// receive is a turn of the reader.
func (c *conn) receive(buffer []byte) {
	_, err := unix.Read(c.near, buffer)
	c.count.read++
	for ; c.again && err == nil; c.count.read++ {
		_, err = unix.Read(c.near, buffer)
	}
	if c.rearm {
		check(unix.EpollCtl(c.epfd, unix.EPOLL_CTL_MOD, c.near, &unix.EpollEvent{Events: c.events}))
		c.count.ctl++
	}
}

// messages sends n messages, and receives each. The reactor wakes the reader at the first event, and takes late more turns
// before the reader runs. A call that finds nothing is not counted: it would sleep, and return with the next message.
func (c *conn) messages(n, late int) {
	buffer := make([]byte, 64)
	for range n {
		_, err := unix.Write(c.far, []byte("hello"))
		check(err)
		begin := time.Now()
		for turn := 0; turn <= late && c.poll(); turn++ {
			c.count.wait++
		}
		c.receive(buffer)
		c.count.time += time.Since(begin)
	}
}

func main() {
	n := flag.Int("n", 20_000, "how many messages")
	flag.Parse()
	run(os.Stdout, *n)
}

func run(out io.Writer, n int) {
	const rounds = 10
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	for _, late := range []int{0, 3} {
		fmt.Fprintf(t, "the reader runs after %d more turns\tepoll_wait\tread\tepoll_ctl\tcalls\ttime\t\n", late)
		var conns []*conn
		for _, w := range ways {
			conns = append(conns, newConn(w))
		}
		for range rounds { // by turns, so that a disturbance meets all
			for _, c := range conns {
				c.messages(max(n/rounds, 1), late)
			}
		}
		per := func(calls int) float64 { return float64(calls) / float64(max(n/rounds, 1)*rounds) }
		for _, c := range conns {
			is := c.count
			fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", c.name, per(is.wait), per(is.read), per(is.ctl),
				per(is.wait+is.read+is.ctl), float64(is.time)/float64(conns[2].count.time))
			c.close()
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
