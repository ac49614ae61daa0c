package conn

import (
	"net"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/neterr"
)

// A TCPConn is a TCP connection.
type TCPConn struct{ conn }

// The keep-alive defaults of package net.
const (
	defaultKeepAliveIdle     = 15 * time.Second
	defaultKeepAliveInterval = 15 * time.Second
	defaultKeepAliveCount    = 9
)

// mptcpInfo is MPTCP_INFO, which package unix lacks.
const mptcpInfo = 1

// NewTCPConn returns the connection on a connected socket, with Nagle's algorithm off
// and keep-alive probes as config says, or else every idle seconds: 0 means the
// default, a negative idle none.
func NewTCPConn(f *NetFD, idle time.Duration, config net.KeepAliveConfig) *TCPConn {
	c := &TCPConn{conn{f}}
	// A peer that has gone already makes these fail; the first Read says it better.
	_ = c.SetNoDelay(true)
	if !config.Enable && idle >= 0 {
		config = net.KeepAliveConfig{Enable: true, Idle: idle}
	}
	if config.Enable {
		_ = c.SetKeepAliveConfig(config)
	}
	return c
}

// CloseRead shuts down the reading side. Few programs need it.
func (c *TCPConn) CloseRead() error { return c.shutdown(syscall.SHUT_RD) }

// CloseWrite shuts down the writing side: the peer reads what was written and then
// io.EOF, and may go on sending.
func (c *TCPConn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }

// SetLinger says what Close does with data not yet sent: below 0 (the default) the
// kernel sends it in the background; 0 discards it and resets the connection; above 0,
// it is sent in the background too, for that many seconds.
func (c *TCPConn) SetLinger(sec int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	l := syscall.Linger{Onoff: 1, Linger: int32(sec)}
	if sec < 0 {
		l = syscall.Linger{}
	}
	err := c.fd.pfd.SetsockoptLinger(syscall.SOL_SOCKET, syscall.SO_LINGER, &l)
	runtime.KeepAlive(c.fd)
	if err != nil {
		return c.opError("set", neterr.OfSyscall("setsockopt", err))
	}
	return nil
}

// SetNoDelay says whether small packets go out at once (the default, true) or wait for
// more data by Nagle's algorithm.
func (c *TCPConn) SetNoDelay(noDelay bool) error {
	return c.setOption(syscall.IPPROTO_TCP, syscall.TCP_NODELAY, boolInt(noDelay))
}

// SetKeepAlive turns keep-alive probes on or off.
func (c *TCPConn) SetKeepAlive(keepalive bool) error {
	return c.setOption(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, boolInt(keepalive))
}

// SetKeepAlivePeriod sets how long the connection is idle before the first keep-alive
// probe, rounded up to seconds: 0 means 15 s, and a negative d changes nothing.
func (c *TCPConn) SetKeepAlivePeriod(d time.Duration) error {
	return c.setSeconds(syscall.TCP_KEEPIDLE, d, defaultKeepAliveIdle)
}

// SetKeepAliveConfig sets when keep-alive probes are sent. In each field 0 means the
// default and a negative value changes nothing.
func (c *TCPConn) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	if err := c.SetKeepAlive(config.Enable); err != nil {
		return err
	}
	if err := c.SetKeepAlivePeriod(config.Idle); err != nil {
		return err
	}
	if err := c.setSeconds(syscall.TCP_KEEPINTVL, config.Interval, defaultKeepAliveInterval); err != nil {
		return err
	}
	count := config.Count
	switch {
	case count < 0:
		return nil
	case count == 0:
		count = defaultKeepAliveCount
	}
	return c.setOption(syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, count)
}

// setSeconds sets a TCP option that is a time, in whole seconds, rounded up.
func (c *TCPConn) setSeconds(option int, d, standard time.Duration) error {
	switch {
	case !c.ok():
		return syscall.EINVAL
	case d < 0:
		return nil
	case d == 0:
		d = standard
	}
	return c.setOption(syscall.IPPROTO_TCP, option, int((d+time.Second-1)/time.Second))
}

func (c *TCPConn) setOption(level, option, value int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	if err := c.fd.setsockoptInt(level, option, value); err != nil {
		return c.opError("set", err)
	}
	return nil
}

// MultipathTCP reports whether the connection uses Multipath TCP, which may change:
// it falls back to TCP if the peer, or something on the way, does not support it.
func (c *TCPConn) MultipathTCP() (bool, error) {
	if !c.ok() {
		return false, syscall.EINVAL
	}
	if c.fd.proto != MultipathTCP {
		return false, nil
	}
	defer runtime.KeepAlive(c.fd)
	// The option exists while the connection has not fallen back, since Linux 5.16.
	_, err := c.fd.pfd.GetsockoptInt(unix.SOL_MPTCP, mptcpInfo)
	switch err {
	case syscall.EOPNOTSUPP, syscall.ENOPROTOOPT:
		return false, nil
	}
	return true, nil
}

// SyscallConn returns raw access to the descriptor. Its Read and Write wait as the
// connection's do, deadlines included.
func (c *TCPConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }
