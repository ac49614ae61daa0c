package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// perSource is how many connections come from one address. That has some 28,000 ports, but
// the kernel looks long for a free one when few are left.
const perSource = 4_000

// connect makes n connections to a server, asks on some of them for a while, prints how
// many answers came, and holds the connections until the server closes our input.
func connect(address string, n int) error {
	conns := make([]net.Conn, n)
	const dialers, askers = 32, 8
	err := together(dialers, func(i int) (err error) {
		for ; i < n && err == nil; i += dialers {
			conns[i], err = dial(address, net.IPv4(127, 0, 0, byte(2+i/perSource)))
		}
		return err
	})
	if err != nil {
		return err
	}
	var answers atomic.Int64
	end := time.Now().Add(time.Second)
	err = together(min(askers, n), func(i int) error {
		for time.Now().Before(end) { // on connections of its own
			if err := ask(conns[i+askers*rand.IntN((n-i+askers-1)/askers)]); err != nil {
				return err
			}
			answers.Add(1)
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println(answers.Load())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func dial(address string, source net.IP) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}}
	c, err := d.Dial("tcp4", address)
	if err == nil {
		c.(*net.TCPConn).SetLinger(0) // leave no ports in TIME_WAIT
	}
	return c, err
}

// ask sends a message and waits for the answer.
func ask(c net.Conn) error {
	question := fmt.Sprintf("%016x", rand.Uint64())
	if _, err := io.WriteString(c, question); err != nil {
		return err
	}
	answer := make([]byte, len(question))
	if _, err := io.ReadFull(c, answer); err != nil {
		return err
	}
	if string(answer) != question {
		return fmt.Errorf("asked %s, answered %s", question, answer)
	}
	return nil
}

// together runs f several times at once, and returns one of their errors.
func together(times int, f func(i int) error) (failed error) {
	var all sync.WaitGroup
	var once sync.Once
	for i := range times {
		all.Go(func() {
			if err := f(i); err != nil {
				once.Do(func() { failed = err })
			}
		})
	}
	all.Wait()
	return failed
}
