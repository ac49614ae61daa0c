//go:build !linux

package conn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
)

// onLinux has the methods of connections that do their work on Linux only. Here they are for
// programs to compile. Each fails with a *net.OpError that is errors.ErrUnsupported, or panics
// with such an error if it returns none.
type onLinux struct{ c net.Conn }

// ReadContext fails with errors.ErrUnsupported.
func (o onLinux) ReadContext(ctx context.Context, b []byte) (int, error) {
	return 0, unsupported(o.c, "read")
}

// WriteContext fails with errors.ErrUnsupported.
func (o onLinux) WriteContext(ctx context.Context, b []byte) (int, error) {
	return 0, unsupported(o.c, "write")
}

// WaitReadable fails with errors.ErrUnsupported.
func (o onLinux) WaitReadable(ctx context.Context) error { return unsupported(o.c, "read") }

// WaitWritable fails with errors.ErrUnsupported.
func (o onLinux) WaitWritable(ctx context.Context) error { return unsupported(o.c, "write") }

// NotifyReadable panics with an error that is errors.ErrUnsupported. An IdleServer serves
// connections on every system.
func (o onLinux) NotifyReadable(f func()) (stop func() bool) {
	panic(missing("NotifyReadable", "use an IdleServer, or a goroutine that reads"))
}

// PeerClosed panics with an error that is errors.ErrUnsupported: either answer might be wrong.
func (o onLinux) PeerClosed() bool {
	panic(missing("PeerClosed", "a Read returns io.EOF after the data"))
}

func missing(method, instead string) error {
	return fmt.Errorf("netpoller: %s on %s: %w: %s", method, runtime.GOOS, errors.ErrUnsupported, instead)
}

// ReadBatch fails with errors.ErrUnsupported.
func (c *UDPConn) ReadBatch(ms []Message, flags int) (int, error) {
	return 0, unsupported(c.c, "read")
}

// WriteBatch fails with errors.ErrUnsupported.
func (c *UDPConn) WriteBatch(ms []Message, flags int) (int, error) {
	return 0, unsupported(c.c, "write")
}
