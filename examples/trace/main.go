//go:build linux

// Command trace shows one Read that waits, one deadline and one Close, step by step:
//
//	go run ./examples/trace            # as text
//	go run ./examples/trace -o t.json  # and as a file for ui.perfetto.dev
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	net "github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/trace"
)

func main() {
	file := flag.String("o", "", "also write the trace to this file, for ui.perfetto.dev")
	flag.Parse()
	log.SetFlags(0)
	client, server := pair()

	t, err := trace.Start(trace.Config{Calls: true})
	if err != nil {
		log.Fatal(err)
	}
	show("a Read that waits, and the Write that wakes it", t, func() {
		wait(server, func() { client.Write([]byte("hello")) })
	})
	show("a Read that its deadline ends", t, func() {
		server.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		wait(server, func() {})
		server.SetReadDeadline(time.Time{})
	})
	show("a Read that Close ends", t, func() {
		wait(server, func() { server.Close() })
	})
	t.Stop()

	if *file != "" {
		write(*file, t.Snapshot())
	}
}

// pair returns the two ends of a connection.
func pair() (client, server net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		log.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		log.Fatal(err)
	}
	return client, server
}

// wait reads from c, has f called when the Read is parked, and returns when the Read has.
func wait(c net.Conn, f func()) {
	ended := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 64))
		ended <- err
	}()
	parked := func() bool { return net.DefaultPollerGroup().Stats().ParkedReaders == 1 }
	for !parked() && len(ended) == 0 {
		time.Sleep(time.Millisecond)
	}
	f()
	<-ended
}

// show prints the events that f causes.
func show(what string, t *trace.Trace, f func()) {
	began := len(t.Snapshot().Events)
	f()
	time.Sleep(5 * time.Millisecond) // the reactor notes its last step after the owner runs
	s := t.Snapshot()
	s.Events = s.Events[began:]
	fmt.Printf("\n== %s\n", what)
	if err := s.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func write(name string, s *trace.Snapshot) {
	f, err := os.Create(name)
	if err == nil {
		err = s.WritePerfetto(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\nwrote %s: open it at ui.perfetto.dev\n", name)
}
