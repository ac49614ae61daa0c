// Restart answers one line on each connection, and on SIGHUP becomes a new process (of
// a new binary, if that was replaced) without refusing or losing a connection:
//
//	go build ./examples/restart && ./restart -listen 127.0.0.1:7007
//
// The new process gets the listening socket, with the connections that nobody has
// accepted yet. Once it serves, the old one accepts no more, answers those that it has
// and exits. If the new one does not come up, the old one serves on.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	net "github.com/a57b2d82/netpoller"
)

func main() {
	address := flag.String("listen", "127.0.0.1:7007", "address to listen on")
	inherited := flag.Bool("inherited", false, "take descriptor 3 for the listener, and report on 4")
	flag.Parse()
	ln, err := listen(*address, *inherited)
	if err != nil {
		log.Fatal(err)
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	fmt.Println("process", os.Getpid(), "listening on", ln.Addr())
	if *inherited {
		os.NewFile(4, "report").WriteString("up")
	}
	go func() {
		for range hup {
			err := handOver(ln.(*net.TCPListener), *address)
			if err == nil {
				ln.Close()
				return
			}
			log.Print("no new process: ", err)
		}
	}()
	var serving sync.WaitGroup
	for {
		c, err := ln.Accept()
		if err != nil {
			break // closed
		}
		serving.Go(func() { serve(c) })
	}
	serving.Wait()
}

func listen(address string, inherited bool) (net.Listener, error) {
	if inherited {
		return net.FileListener(os.NewFile(3, "listener"))
	}
	return net.Listen("tcp", address)
}

// handOver starts a new process with the listening socket and waits until it is up.
func handOver(ln *net.TCPListener, address string) error {
	socket, err := ln.File()
	if err != nil {
		return err
	}
	defer socket.Close()
	report, up, err := os.Pipe()
	if err != nil {
		return err
	}
	defer report.Close()
	next := exec.Command(os.Args[0], "-inherited", "-listen", address)
	next.Stdout, next.Stderr = os.Stdout, os.Stderr
	next.ExtraFiles = []*os.File{socket, up} // 3 and 4
	err = next.Start()
	up.Close()
	if err != nil {
		return err
	}
	if _, err = report.Read(make([]byte, 2)); err != nil { // it ended
		return errors.Join(err, next.Wait())
	}
	return nil
}

// serve answers a line. A client that sends none keeps its process for a minute.
func serve(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if line, err := bufio.NewReader(c).ReadString('\n'); err == nil {
		fmt.Fprintf(c, "%d %s", os.Getpid(), line)
	}
}
