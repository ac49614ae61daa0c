package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"

	"github.com/a57b2d82/netpoller"
)

// A buffer is as large as that of a bufio.Reader.
type buffer [4096]byte

// buffers are those that nobody needs now.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// answer sends back what has come. It reports whether there may be more.
func answer(c net.Conn, b *buffer) (more bool) {
	n, err := c.Read(b[:])
	if err == nil {
		_, err = c.Write(b[:n])
	}
	if err != nil {
		c.Close()
	}
	return err == nil
}

// serveNotified answers whenever something has come, and is nothing but a function until
// then.
func serveNotified(c net.Conn) {
	c.(*netpoller.TCPConn).NotifyReadable(func() {
		b := buffers.Get().(*buffer)
		more := answer(c, b)
		buffers.Put(b)
		if more {
			serveNotified(c)
		}
	})
}

// serveBlocked has a goroutine, and the goroutine a buffer, for as long as there is the
// connection.
func serveBlocked(c net.Conn) {
	go func() {
		for b := new(buffer); answer(c, b); {
		}
	}()
}

// serve is a server of n connections. When they have all been made, and some have asked
// and been answered, it prints what they need.
func serve(way string, n int) error {
	listen, handle := netpoller.Listen, serveBlocked
	switch way {
	case "notify":
		handle = serveNotified
	case "net":
		listen = net.Listen
	}
	l, err := listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	answers, leave, err := startClients(l, n)
	if err != nil {
		return err
	}
	defer leave()
	before := measure()
	for range n {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		handle(c)
	}
	answered := <-answers
	u := measure()
	fmt.Printf("%-10s %12d %11d %21d %9d  %s", way, n, u.goroutines,
		(u.inUse-before.inUse)/n, (u.resident-before.resident)/n, answered)
	return nil
}

// startClients starts a process that makes n connections to l, and closes l if that
// fails. The line that comes from answers is how many they got, in a line; leave ends them.
func startClients(l net.Listener, n int) (answers <-chan string, leave func(), err error) {
	clients := again("-connect", l.Addr().String(), "-n", strconv.Itoa(n))
	clients.Stdout = nil
	out, err := clients.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	in, err := clients.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := clients.Start(); err != nil {
		return nil, nil, err
	}
	lines := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			l.Close() // for connections that will not come
		}
		lines <- line
	}()
	return lines, func() { in.Close(); clients.Wait() }, nil
}

// use is what this process uses.
type use struct {
	goroutines int
	inUse      int // bytes: the heap, stacks, and what the runtime has made outside
	resident   int // bytes of memory, the kernel's not counted
}

func measure() (u use) {
	debug.FreeOSMemory() // a collection, and what was garbage is resident no more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.goroutines = runtime.NumGoroutine()
	u.inUse = int(m.HeapAlloc + m.StackInuse + m.OtherSys)
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		var pages int
		fmt.Sscan(string(statm), new(int), &pages)
		u.resident = pages * os.Getpagesize()
	}
	return u
}
