//go:build linux

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// soakClientMain is the client process of TestSoak.
func soakClientMain(settings string) (code int) {
	return ends.WithoutLeaks(func() int {
		var s soakSettings
		if err := json.Unmarshal([]byte(settings), &s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		c := newSoakClient(s)
		c.run()
		c.report.Stats = c.group.Stats()
		if !ends.Idle(c.report.Stats) {
			c.fail(fmt.Errorf("left in the client's group: %+v", c.report.Stats))
		}
		if err := c.group.Close(); err != nil {
			c.fail(err)
		}
		if c.failed.Load() {
			return 1
		}
		if err := json.NewEncoder(os.Stdout).Encode(c.report); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	})
}

type soakClient struct {
	soakSettings
	group *netpoller.PollerGroup
	dial  func(ctx context.Context, network, address string) (net.Conn, error)

	failed          atomic.Bool
	messages, bytes atomic.Int64
	churned         []atomic.Int64 // by the index of a kind in churnKinds
	report          soakReport
}

func newSoakClient(s soakSettings) *soakClient {
	g := netpoller.NewPollerGroup(s.Config)
	return &soakClient{soakSettings: s, group: g, dial: ends.Ours(g).Dial, churned: make([]atomic.Int64, len(churnKinds))}
}

// fail reports an error, the first few of them.
func (c *soakClient) fail(err error) {
	if !c.failed.Swap(true) {
		fmt.Fprintln(os.Stderr, err)
	}
}

// run keeps the steady connections busy, and others coming and going until they end.
func (c *soakClient) run() {
	var steady, churn sync.WaitGroup
	over := make(chan struct{})
	left := atomic.Int64{}
	left.Store(int64(c.Churn))
	for i := range 16 + c.Conns/50 {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		churn.Go(func() {
			for left.Add(-1) >= 0 {
				select {
				case <-over:
					return
				default:
					c.churnOnce(rng)
				}
			}
		})
	}

	connecting := make(chan struct{}, 64)
	var connected sync.WaitGroup
	connected.Add(c.Conns)
	for i := range c.Conns {
		steady.Go(func() {
			connecting <- struct{}{}
			conn, err := c.open(context.Background(), i)
			if err == nil {
				defer conn.Close()
				_, err = conn.Write([]byte{soakSteady})
			}
			rng := rand.New(rand.NewPCG(uint64(i), 2))
			if err == nil {
				err = c.converse(conn, rng, 1)
			}
			<-connecting
			connected.Done()
			if err == nil {
				connected.Wait() // all are open at once, on both sides
				err = c.converse(conn, rng, c.Messages-1)
			}
			if err == nil {
				err = end(conn)
			}
			if err != nil {
				c.fail(fmt.Errorf("connection %d: %w", i, err))
			}
		})
	}
	steady.Wait()
	close(over)
	churn.Wait()

	c.report.Messages, c.report.Bytes = c.messages.Load(), c.bytes.Load()
	c.report.Churn = map[string]int64{}
	for i, k := range churnKinds {
		c.report.Churn[k.name] = c.churned[i].Load()
	}
}

// open connects to one of the addresses.
func (c *soakClient) open(ctx context.Context, i int) (net.Conn, error) {
	return c.dial(ctx, "tcp", c.Addresses[i%len(c.Addresses)])
}

// converse has random messages of random size echoed, and checks every byte. Half of
// them have a deadline, which does not hit.
func (c *soakClient) converse(conn net.Conn, rng *rand.Rand, messages int) error {
	for range messages {
		var deadline time.Time
		if rng.IntN(2) == 0 {
			deadline = time.Now().Add(ends.Patience)
		}
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
		n, err := exchange(conn, rng)
		if err != nil {
			return err
		}
		c.messages.Add(1)
		c.bytes.Add(int64(n))
	}
	return nil
}

// end ends a connection in order: the server has nothing more to say.
func end(conn net.Conn) error {
	if err := conn.(*netpoller.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("after the last message: %d bytes, %w", n, err)
	}
	return nil
}

// exchange sends a message, most of them small, and checks its echo.
func exchange(conn net.Conn, rng *rand.Rand) (n int, err error) {
	n = 1 + rng.IntN(maxMessage>>rng.IntN(10))
	message, echo := make([]byte, n), make([]byte, n)
	for i := range message {
		message[i] = byte(rng.Uint32())
	}
	if _, err := conn.Write(message); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(conn, echo); err != nil {
		return 0, err
	}
	if !bytes.Equal(message, echo) {
		return 0, fmt.Errorf("the echo of %d bytes is different", n)
	}
	return n, nil
}

// churnKinds are what connections that come and go do.
var churnKinds = []struct {
	name string
	do   func(conn net.Conn, rng *rand.Rand) error
}{
	{"closed at once", func(net.Conn, *rand.Rand) error { return nil }},
	{"echoed", churnEcho},
	{"were reset by the client", func(conn net.Conn, rng *rand.Rand) error {
		if _, err := conn.Write(append([]byte{soakEcho}, make([]byte, rng.IntN(maxMessage))...)); err != nil {
			return err
		}
		return conn.(*netpoller.TCPConn).SetLinger(0)
	}},
	{"were reset by the server", func(conn net.Conn, rng *rand.Rand) error {
		if _, err := conn.Write([]byte{soakReset}); err != nil {
			return err
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			return fmt.Errorf("no reset: %w", err)
		}
		return nil
	}},
	{"timed out in the server", func(conn net.Conn, rng *rand.Rand) error {
		if _, err := conn.Write([]byte{soakTimeout}); err != nil {
			return err
		}
		b, err := io.ReadAll(conn)
		if err == nil && len(b) != 1 {
			err = fmt.Errorf("the server sent %d bytes", len(b))
		}
		return err
	}},
	{"timed out in the client", func(conn net.Conn, rng *rand.Rand) error {
		if err := conn.SetReadDeadline(time.Now().Add(time.Duration(rng.IntN(2000)) * time.Microsecond)); err != nil {
			return err
		}
		if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("a Read that should have timed out returned %d, %w", n, err)
		}
		if err := conn.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
		return churnEcho(conn, rng)
	}},
	{"were closed while they were read", func(conn net.Conn, rng *rand.Rand) error {
		read := make(chan error)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			read <- err
		}()
		time.Sleep(time.Duration(rng.IntN(500)) * time.Microsecond) // before or after it waits
		conn.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("the Read was not ended by Close: %w", err)
		}
		return nil
	}},
	{churnCanceled, nil},
}

// churnCanceled are dials that are canceled, before or after they are done.
const churnCanceled = "were canceled"

func churnEcho(conn net.Conn, rng *rand.Rand) error {
	if _, err := conn.Write([]byte{soakEcho}); err != nil {
		return err
	}
	for range 1 + rng.IntN(3) {
		if _, err := exchange(conn, rng); err != nil {
			return err
		}
	}
	return nil
}

// churnOnce opens a connection, does something with it, and closes it.
func (c *soakClient) churnOnce(rng *rand.Rand) {
	i := rng.IntN(len(churnKinds))
	kind := churnKinds[i]
	ctx := context.Background()
	if kind.name == churnCanceled {
		canceled, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(200))*time.Microsecond)
		defer cancel()
		ctx = canceled
	}
	conn, err := c.open(ctx, rng.Int())
	if err == nil {
		if kind.do != nil {
			err = kind.do(conn, rng)
		}
		conn.Close()
	} else if kind.name == churnCanceled && errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	if err != nil {
		c.fail(fmt.Errorf("a connection that should have %s: %w", kind.name, err))
	}
	c.churned[i].Add(1)
}
