// Echo sends back whatever each connection sends, on netpoller instead of net: the
// import is the only line that differs.
//
//	go run ./examples/echo -listen 127.0.0.1:7007
package main

import (
	"flag"
	"fmt"
	"io"
	"log"

	net "github.com/a57b2d82/netpoller"
)

func main() {
	address := flag.String("listen", "127.0.0.1:7007", "address to listen on")
	flag.Parse()

	ln, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}
