// Idle holds very many connections on which something happens now and then, as a server
// of WebSockets does, and shows what each of them takes:
//
//	go run ./examples/idle
//	go run ./examples/idle -n 100000
//
// It serves them in three ways, one after the other, each in a process of its own with
// the clients in another: without a goroutine or a buffer while nothing comes
// (NotifyReadable), with a goroutine in Read each, and the same on package net. A server
// has one descriptor for each connection, so "ulimit -Hn" says how many there may be.
//
// The ways are in server_linux.go, the clients in clients_linux.go.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func main() {
	n := flag.Int("n", 10_000, "how many connections")
	way := flag.String("way", "", "serve in this way only: notify, goroutines or net")
	address := flag.String("connect", "", "be the clients of a server (which it does by itself)")
	flag.Parse()
	log.SetFlags(0)

	if limit := descriptors() - 100; *n > limit {
		log.Printf("%d connections instead of %d: see ulimit -Hn", limit, *n)
		*n = limit
	}
	var err error
	switch {
	case *address != "":
		err = connect(*address, *n)
	case *way != "":
		err = serve(*way, *n)
	default:
		fmt.Println("            connections  goroutines  bytes per connection  resident  answers")
		for _, way := range []string{"notify", "goroutines", "net"} {
			if err = again("-way", way, "-n", strconv.Itoa(*n)).Run(); err != nil {
				break
			}
		}
	}
	if err != nil {
		log.Fatal(err)
	}
}

// descriptors returns how many this process may have. Go has raised that to the hard
// limit.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		log.Fatal(err)
	}
	return int(min(limit.Cur, 1<<30))
}

// again returns a command that is this program.
func again(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}
