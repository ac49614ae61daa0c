package netpoller_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	net "github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A server that echoes. The import is all that differs from one on package net.
func ExampleListen() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "hello\n")
	var word string
	fmt.Fscanln(c, &word)
	fmt.Println(word)
	// Output: hello
}

// HTTP on both ends: a Listener for the server, a Dialer for the client.
func ExampleDialer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "you asked for %s", r.URL.Path)
	})}
	go server.Serve(l)
	defer server.Close()

	transport := http.DefaultTransport.(*http.Transport).Clone() // with its proxy, HTTP/2 and timeouts
	transport.DialContext = new(net.Dialer).DialContext
	client := http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + l.Addr().String() + "/index")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))
	// Output: you asked for /index
}

// Questions to a name server over our sockets: package net's resolver asks through a
// Dialer. With Dial: asks.DialContext, and no more, it asks the name servers of this
// machine; here, one that the example runs.
func ExampleDialer_resolver() {
	server, err := nettest.ServeDNS(map[string][]string{"host.example.": {"127.0.0.1"}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	var asks net.Dialer
	dialer := net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			c, err := asks.DialContext(ctx, network, server.Addr())
			fmt.Printf("asking over a %T\n", c)
			return c, err
		},
	}}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c, err := dialer.Dial("tcp4", "host.example.:"+port)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("connected:", c.RemoteAddr().String() == l.Addr().String())
	// Output:
	// asking over a *conn.UDPConn
	// connected: true
}

// Reactors of one's own, here two that block a thread each, and what they did.
func ExamplePollerGroup() {
	group := net.NewPollerGroup(net.PollerConfig{Pollers: 2, Strategy: net.PollerThread})
	defer group.Close()

	lc := net.ListenConfig{Poller: group, Backlog: 16}
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	dialer := net.Dialer{Poller: group}
	c, err := dialer.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("descriptors watched:", group.Stats().Open)
	// Output: descriptors watched: 2
}

// A connection on which nothing happens needs neither a goroutine nor a buffer.
func Example_notifyReadable() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err == nil {
			fmt.Fprint(c, "hello")
			c.Close()
		}
	}()
	accepted, err := ln.Accept()
	if err != nil {
		log.Fatal(err)
	}
	c := accepted.(*net.TCPConn)
	defer c.Close()

	done := make(chan struct{})
	c.NotifyReadable(func() {
		defer close(done)
		b := make([]byte, 100) // only now
		n, err := c.Read(b)
		fmt.Println(string(b[:n]), err)
	})
	<-done
	// Output: hello <nil>
}

// A server of many connections that are mostly silent. Two lines come in one packet, and both
// are served.
func ExampleIdleServer() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	done := make(chan error)
	server := net.IdleServer{
		Serve: func(c net.Conn, r *bufio.Reader) error {
			line, err := r.ReadString('\n')
			fmt.Print(line)
			return err
		},
		Done: func(c net.Conn, err error) { done <- err },
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			server.Add(c) // or a tls.Server over it
		}
	}()

	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(c, "one\ntwo\n")
	c.Close()
	fmt.Println(<-done)
	// Output:
	// one
	// two
	// EOF
}
