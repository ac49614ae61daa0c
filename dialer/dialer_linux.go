package dialer

import (
	"context"
	"net"
	"time"

	"github.com/a57b2d82/netpoller/internal/resolve"
)

// DialContext connects to an address: "host:port" for "tcp" and "udp", a host for "ip"
// with a protocol, such as "ip4:icmp", and a name for "unix", "unixgram" and "unixpacket".
// "tcp4", "tcp6" and so on restrict it to one family. If ctx is done before the connection is
// made, the dial fails; afterwards ctx has no effect. It panics if ctx is nil.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()

	resolver := d.Resolver
	if resolver == nil {
		resolver = resolve.Default()
	}
	addrs, err := resolve.ForDial(withoutConnectHooks(ctx), resolver, network, address, d.LocalAddr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	t := &attempt{Dialer: *d, network: network}
	if d.FallbackDelay >= 0 && network == "tcp" {
		if primaries, fallbacks := resolve.Partition(addrs); len(fallbacks) > 0 {
			return t.parallel(ctx, primaries, fallbacks)
		}
	}
	return t.serial(ctx, addrs)
}

// limit returns ctx with the Dialer's Timeout, Deadline and Cancel. The caller must call the
// CancelFunc.
func (d *Dialer) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		panic("nil context")
	}
	cancel := func() {}
	if deadline := d.deadline(time.Now()); !deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, deadline)
	}
	if d.Cancel != nil {
		ctx, cancel = d.heedCancel(ctx, cancel)
	}
	return ctx, cancel
}

// heedCancel returns ctx, which the Cancel channel cancels too.
func (d *Dialer) heedCancel(ctx context.Context, release context.CancelFunc) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	select {
	case <-d.Cancel: // closed already: the dial must not succeed first
		cancel()
	default:
		go func() {
			select {
			case <-d.Cancel:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, func() { cancel(); release() }
}

// deadline returns the earlier of now plus Timeout and Deadline, or the zero time.
func (d *Dialer) deadline(now time.Time) time.Time {
	switch timeout := now.Add(d.Timeout); {
	case d.Timeout == 0:
		return d.Deadline
	case d.Deadline.IsZero() || timeout.Before(d.Deadline):
		return timeout
	}
	return d.Deadline
}
