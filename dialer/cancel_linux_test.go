package dialer_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// parallel runs f n times, a few at once.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
}

// A dial canceled at any moment must fail with context.Canceled or be a usable
// connection: golang/go#16523 is the connection that is neither, poisoned by the past
// deadline that was meant to end the connect.
func TestCancelAtAnyMoment(t *testing.T) {
	nettest.NoFDsLeft(t)
	port := serve(t, "tcp4", "127.0.0.1:0")
	var connected, canceled int
	var mu sync.Mutex
	parallel(2000, func(i int) {
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		go func() {
			time.Sleep(time.Duration(rand.IntN(i%400+1)) * time.Microsecond)
			cancel()
		}()
		d := dialer.Dialer{Control: abortive}
		c, err := d.DialContext(ctx, "tcp", at("127.0.0.1", port))
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			canceled++
			assert.ErrorIs(t, err, context.Canceled)
			assert.Nil(t, c)
			return
		}
		connected++
		usable(t, c)
		cancel() // late: it must not matter any more
		_, err = c.Write([]byte("x"))
		assert.NotErrorIs(t, err, context.Canceled)
		c.Close()
	})
	t.Logf("%d connected, %d canceled", connected, canceled)
}

// The same with the connect made slow, so that the cancellation meets the moment when
// it has just succeeded.
func TestCancelWhenConnected(t *testing.T) {
	nettest.NoFDsLeft(t)
	port := serve(t, "tcp4", "127.0.0.1:0")
	for range 200 {
		ctx, cancel := context.WithCancel(background)
		connects := 0
		restore := sys.SetFault(func(call sys.Call, _ int) error {
			if call != sys.CallConnect {
				return nil
			}
			if connects++; connects == 2 {
				go cancel()
				runtime.Gosched()
			}
			return nil
		})
		d := dialer.Dialer{Control: abortive}
		c, err := d.DialContext(ctx, "tcp", at("127.0.0.1", port))
		restore()
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			continue
		}
		usable(t, c)
		c.Close()
	}
}

// A canceled dial must not make a later one succeed where nobody listens, by its event
// reaching the next owner of the slot (golang/go#19289).
func TestNoSuccessAfterCancel(t *testing.T) {
	nettest.NoFDsLeft(t)
	hung := nettest.Hang(t, "tcp4")
	refused := nettest.Refuse(t, "tcp4")
	parallel(2000, func(i int) {
		ctx, cancel := context.WithCancel(background)
		go func() {
			time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
			cancel()
		}()
		address := hung
		if i%2 == 0 {
			address = refused
		}
		d := dialer.Dialer{Control: abortive}
		c, err := d.DialContext(ctx, "tcp", address)
		if assert.Error(t, err) {
			assert.Nil(t, c)
			return
		}
		c.Close()
	})
}

// A dial that returns a connection must be able to write to it at once: a spurious
// wake-up while it connects must not be taken for success (golang/go#14548).
func TestNoSpuriousSetup(t *testing.T) {
	nettest.NoFDsLeft(t)
	port := serve(t, "tcp4", "127.0.0.1:0")
	parallel(2000, func(int) {
		d := dialer.Dialer{Timeout: time.Minute, Control: abortive}
		c, err := d.Dial("tcp", at("127.0.0.1", port))
		if assert.NoError(t, err) {
			_, err = c.Write([]byte("x"))
			assert.NoError(t, err)
			c.Close()
		}
	})
}

// A context that ends after the dial must not touch the connection.
func TestContextEndsLater(t *testing.T) {
	port := serve(t, "tcp4", "127.0.0.1:0")
	ctx, cancel := context.WithTimeout(background, time.Hour)
	d := dialer.Dialer{Timeout: time.Minute, Cancel: ctx.Done()}
	c, err := d.DialContext(ctx, "tcp", at("127.0.0.1", port))
	require.NoError(t, err)
	defer c.Close()
	cancel()
	time.Sleep(5 * time.Millisecond)
	_, err = c.Write(nil)
	require.NoError(t, err, "the write deadline is clear")
	usable(t, c)
}

// A Cancel that is closed already must end every dial, also one that could be done sooner
// than anybody looks.
func TestCancelBefore(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	port := serve(t, "tcp4", "127.0.0.1:0")
	for range 100 {
		d := dialer.Dialer{Cancel: closed}
		_, err := d.Dial("tcp", at("127.0.0.1", port))
		require.ErrorIs(t, err, context.Canceled)
	}
}

// A context that is done already must end a dial, also one that is refused before the connect
// returns. Package net mostly says so, too, and by chance that it was refused.
func TestCanceledBeforeItIsRefused(t *testing.T) {
	refused := netip.MustParseAddrPort(nettest.Refuse(t, "tcp4"))
	canceled, cancel := context.WithCancel(background)
	cancel()
	late, stop := context.WithDeadline(background, time.Unix(1, 0))
	defer stop()
	for range 100 {
		_, err := new(dialer.Dialer).DialTCP(canceled, "tcp", netip.AddrPort{}, refused)
		require.ErrorIs(t, err, context.Canceled)
		_, err = new(dialer.Dialer).DialTCP(late, "tcp", netip.AddrPort{}, refused)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}

// A dial that is given up must leave neither a descriptor nor a goroutine.
func TestNothingLeftOfGivenUpDial(t *testing.T) {
	nettest.NoFDsLeft(t)
	hung := nettest.Hang(t, "tcp4")
	dial := func() {
		d := dialer.Dialer{Timeout: time.Millisecond, Cancel: make(chan struct{})}
		_, err := d.Dial("tcp", hung)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	dial() // starts what stays, the reactor
	before := runtime.NumGoroutine()
	for range 100 {
		dial()
	}
	nettest.Eventually(t, "every goroutine has ended", func() bool { return runtime.NumGoroutine() <= before })
}

// A dial to a port on which nobody listens must not be connected to itself, which
// happens when the kernel picks that very port for this end. (The address is one that
// no other program listens on.)
func TestSelfConnect(t *testing.T) {
	ip := net.IPv4(127, 77, 0, 3)
	address := at(ip.String(), nettest.FreePort(t))
	d := dialer.Dialer{LocalAddr: &net.TCPAddr{IP: ip}}
	for range 5000 {
		_, err := d.Dial("tcp", address)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
}
