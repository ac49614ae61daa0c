// Websocket compares servers of WebSockets that hold very many connections, most of which are
// idle, plain and over TLS:
//
//	go run -C examples/websocket .
//	go run -C examples/websocket . -servers netpoller,gorilla -conns 1000 -rounds 3
//
// Each server runs in a process of its own, with its clients in another. The table has, for each
// connection of an idle server, the bytes of its heap, its stacks and its resident memory, and
// those of the kernel (of both ends, and of all that goes on meanwhile); the processor time that
// the idle server takes; then, for a broadcast to all, the time from its sending until a client
// has it (median, 99th percentile, last client), and the server's processor time for each client.
//
// The servers are in ours.go, goroutines.go and nbio.go, their clients in load.go, the comparison
// in compare.go. It needs Linux.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"
)

func main() {
	conns := flag.Int("conns", 10_000, "how many connections")
	servers := flag.String("servers", "netpoller,net,gorilla,nbio", "which servers, separated by commas")
	rounds := flag.Int("rounds", 1, "how often each is measured; the table has the least and the most")
	child := flag.String("child", "", "be the server or the clients of a parent (which the program does by itself)")
	flag.Parse()
	log.SetFlags(0)
	var err error
	switch *child {
	case "server":
		err = beChild(new(Serving))
	case "clients":
		err = beChild(new(Load))
	default:
		err = run(*servers, *conns, *rounds)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run compares.
func run(servers string, conns, rounds int) error {
	if conns < 1 || rounds < 1 {
		return fmt.Errorf("%d connections, %d rounds: one at least", conns, rounds)
	}
	var chosen []kind
	for name := range strings.SplitSeq(servers, ",") {
		k, err := kindNamed(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, k)
	}
	conns, err := possible(conns)
	if err != nil {
		return err
	}
	return compare(os.Stdout, chosen, plan{
		conns:  conns,
		rounds: rounds,
		settle: time.Second,
		forget: patience + time.Second,
		idle:   5 * time.Second,
		pause:  200 * time.Millisecond,
	})
}

// possible returns how many of the connections there may be. Each process has a descriptor for
// each of its own, and some for itself; each of 250 addresses is the source of some.
func possible(conns int) (int, error) {
	most, err := descriptors()
	if err != nil {
		return 0, err
	}
	if limit := most - 100; conns > limit {
		log.Printf("%d connections instead of %d: a process has at most %d descriptors (ulimit -Hn)", limit, conns, most)
		conns = limit
	}
	if limit := 250 * perSource; conns > limit {
		log.Printf("%d connections instead of %d: no more ports", limit, conns)
		conns = limit
	}
	if conns < 1 {
		return 0, fmt.Errorf("%d descriptors are too few", most)
	}
	return conns, nil
}
