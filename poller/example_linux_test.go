package poller_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/listener"
	"github.com/a57b2d82/netpoller/poller"
)

// A Group watches the sockets of each ListenConfig and each Dialer that names it. Close the
// sockets first, and the Group last: it fails what is still in progress.
func ExampleNewGroup() {
	group := poller.NewGroup(poller.Config{Pollers: 2, Strategy: poller.Thread})
	defer group.Close()

	lc := listener.ListenConfig{Poller: group}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	d := dialer.Dialer{Poller: group}
	c, err := d.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("descriptors watched:", group.Stats().Open)
	// Output: descriptors watched: 2
}

// A deadline that is later than the one before costs no more than a store: the reactor
// looks when the earlier one comes due.
func ExampleGroup_Stats() {
	group := poller.NewGroup(poller.Config{Pollers: 1})
	defer group.Close()
	lc := listener.ListenConfig{Poller: group}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	d := dialer.Dialer{Poller: group}
	c, err := d.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	before := group.Stats()
	for range 1000 {
		c.SetReadDeadline(time.Now().Add(time.Minute))
	}
	after := group.Stats()
	fmt.Println("deadlines armed:", after.TimersArmed-before.TimersArmed)
	fmt.Println("in the heap:", after.Timers)
	// Output:
	// deadlines armed: 1
	// in the heap: 1
}
