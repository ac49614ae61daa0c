package conn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/a57b2d82/netpoller"
)

// connected returns the two ends of a connection, for the examples.
func connected() (c, peer *netpoller.TCPConn) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	ln, err := netpoller.ListenTCP("tcp", loopback)
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	if peer, err = netpoller.DialTCP("tcp", nil, ln.Addr().(*net.TCPAddr)); err != nil {
		log.Fatal(err)
	}
	if c, err = ln.AcceptTCP(); err != nil {
		log.Fatal(err)
	}
	return c, peer
}

// A server of very many connections waits on each without a goroutine and without a
// buffer. When there is something to read, it reads, and asks to be told again.
func ExampleTCPConn_NotifyReadable() {
	c, peer := connected()
	defer c.Close()

	done := make(chan struct{})
	var serve func()
	serve = func() {
		buf := make([]byte, 64) // only now
		n, err := c.Read(buf)
		if err != nil {
			fmt.Println(err)
			close(done)
			return
		}
		fmt.Println(string(buf[:n]))
		c.NotifyReadable(serve)
	}
	c.NotifyReadable(serve)

	fmt.Fprint(peer, "hello")
	peer.Close()
	<-done
	// Output:
	// hello
	// EOF
}

// A reader waits without a buffer, and takes one when it needs it.
func ExampleTCPConn_WaitReadable() {
	c, peer := connected()
	defer c.Close()
	defer peer.Close()

	fmt.Fprint(peer, "hello")
	if err := c.WaitReadable(context.Background()); err != nil {
		log.Fatal(err)
	}
	buf := make([]byte, 64) // in a server, from a sync.Pool
	n, err := c.Read(buf)
	fmt.Println(string(buf[:n]), err)
	// Output: hello <nil>
}

// A context ends a ReadContext that waits. The connection can be used on.
func ExampleTCPConn_ReadContext() {
	c, peer := connected()
	defer c.Close()
	defer peer.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	buf := make([]byte, 64)
	_, err := c.ReadContext(ctx, buf)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	fmt.Fprint(peer, "late")
	n, err := c.ReadContext(context.Background(), buf)
	fmt.Println(string(buf[:n]), err)
	// Output:
	// true
	// late <nil>
}

// A pool of idle connections asks, before it hands one out, whether the other side has
// closed it meanwhile.
func ExampleTCPConn_PeerClosed() {
	c, peer := connected()
	defer c.Close()
	fmt.Println(c.PeerClosed())

	peer.Close()
	if err := c.WaitReadable(context.Background()); err != nil { // until the kernel knows
		log.Fatal(err)
	}
	fmt.Println(c.PeerClosed())
	// Output:
	// false
	// true
}

// A Read that waits for longer than its limit fails. A peer that is only slow may take as
// long as it likes: each Read has the whole limit for itself.
func ExampleWithTimeout() {
	c, peer := connected()
	defer c.Close()
	defer peer.Close()

	limited := netpoller.WithTimeout(c, time.Millisecond, time.Second)
	buf := make([]byte, 64)
	_, err := limited.Read(buf)
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

	// After a Read has failed, the connection can be used on, here with another limit.
	limited = netpoller.WithTimeout(c, time.Minute, time.Second)
	fmt.Fprint(peer, "late")
	n, err := limited.Read(buf)
	fmt.Println(string(buf[:n]), err)
	// Output:
	// true
	// late <nil>
}

// A server reads the packets that are there in one system call, and answers them in one.
func ExampleUDPConn_ReadBatch() {
	server, err := netpoller.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go func() {
		batch := make([]netpoller.Message, 16)
		for i := range batch {
			batch[i].Buffers = [][]byte{make([]byte, 1500)}
		}
		n, err := server.ReadBatch(batch, 0) // waits for one packet, not for sixteen
		if err != nil {
			log.Fatal(err)
		}
		answers := make([]netpoller.Message, n)
		for i, m := range batch[:n] {
			answers[i] = netpoller.Message{Buffers: [][]byte{m.Buffers[0][:m.N]}, Addr: m.Addr}
		}
		if _, err := server.WriteBatch(answers, 0); err != nil {
			log.Fatal(err)
		}
	}()

	client, err := netpoller.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Fprint(client, "ping")
	buf := make([]byte, 1500)
	n, err := client.Read(buf)
	fmt.Println(string(buf[:n]), err)
	// Output: ping <nil>
}

// WriteBatch may write fewer packets than it is given: a loop writes the rest.
func ExampleUDPConn_WriteBatch() {
	server, err := netpoller.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := netpoller.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	packets := []netpoller.Message{
		{Buffers: [][]byte{[]byte("one")}},
		{Buffers: [][]byte{[]byte("tw"), []byte("o")}}, // a packet in two pieces
	}
	for rest := packets; len(rest) > 0; {
		n, err := client.WriteBatch(rest, 0)
		if err != nil {
			log.Fatal(err)
		}
		rest = rest[n:]
	}

	buf := make([]byte, 1500)
	for range packets {
		n, err := server.Read(buf)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(buf[:n]))
	}
	// Output:
	// one
	// two
}
