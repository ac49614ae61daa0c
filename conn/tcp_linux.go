package conn

import (
	"cmp"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A TCPConn is a TCP connection.
type TCPConn struct{ conn }

// The defaults of package net's KeepAliveConfig.
const (
	defaultKeepAliveIdle     = 15 * time.Second
	defaultKeepAliveInterval = 15 * time.Second
	defaultKeepAliveCount    = 9
)

// mptcpInfo is MPTCP_INFO of linux/mptcp.h. Package unix does not have it.
const mptcpInfo = 1

// NewTCPConn returns the connection on a connected socket. As package net does, it sets
// TCP_NODELAY and turns keep-alive probes on: as config says if that is enabled, else with
// the time idle before the first probe, where 0 means 15 s. A negative idle means no probes.
func NewTCPConn(f *NetFD, idle time.Duration, config net.KeepAliveConfig) *TCPConn {
	c := &TCPConn{conn{f}}
	if !f.passesOn || f.pfd.InheritsExposed() {
		// The calls fail if the peer has reset the connection. The first Read returns that error.
		_ = c.setOptions(idle, config)
	}
	return c
}

// passOn sets the options of NewTCPConn on a listener: the connections that it accepts inherit
// them. It is called after bind(2), when a Multipath TCP socket has a first subflow, and before
// listen(2). If an option fails, as those of TCP do on Multipath TCP before Linux 6.10, each
// connection is given its own. So it is if the listener is exposed, because anyone may
// have changed the options then.
func (f *NetFD) passOn(idle time.Duration, config net.KeepAliveConfig) {
	f.passesOn = (&TCPConn{conn{f}}).setOptions(idle, config) == nil // DOC: pass-on
}

// setOptions sets the options of NewTCPConn.
func (c *TCPConn) setOptions(idle time.Duration, config net.KeepAliveConfig) error {
	err := c.SetNoDelay(true)
	if !config.Enable && idle >= 0 {
		config = net.KeepAliveConfig{Enable: true, Idle: idle}
	}
	if config.Enable {
		err = cmp.Or(err, c.SetKeepAliveConfig(config))
	}
	return err
}

// CloseRead shuts down the reading side. Few programs need it.
func (c *TCPConn) CloseRead() error { return c.shutdown(syscall.SHUT_RD) }

// CloseWrite shuts down the writing side: the peer reads the data written before and then
// io.EOF, and may go on sending.
func (c *TCPConn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }

// SetLinger sets what happens after Close to data that is not yet acknowledged (SO_LINGER,
// see socket(7)). With sec < 0, the default, the kernel sends it in the background. With
// sec == 0 it discards the data and resets the connection. With sec > 0 it sends the data in
// the background for up to sec seconds.
func (c *TCPConn) SetLinger(sec int) error {
	l := syscall.Linger{Onoff: 1, Linger: int32(sec)}
	if sec < 0 {
		l = syscall.Linger{}
	}
	if err := c.netFD().setLinger(&l); err != nil {
		return c.opError("set", err)
	}
	return nil
}

// SetNoDelay sets whether the kernel sends small packets at once (true, the default) or
// delays them by Nagle's algorithm (TCP_NODELAY, see tcp(7)).
func (c *TCPConn) SetNoDelay(noDelay bool) error {
	return c.setOption(syscall.IPPROTO_TCP, syscall.TCP_NODELAY, boolInt(noDelay))
}

// SetKeepAlive turns keep-alive probes on or off (SO_KEEPALIVE).
func (c *TCPConn) SetKeepAlive(keepalive bool) error {
	return c.setOption(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, boolInt(keepalive))
}

// SetKeepAlivePeriod sets how long the connection is idle before the first keep-alive
// probe (TCP_KEEPIDLE), rounded up to seconds. 0 means 15 s. A negative d changes nothing.
func (c *TCPConn) SetKeepAlivePeriod(d time.Duration) error {
	return c.setSeconds(syscall.TCP_KEEPIDLE, d, defaultKeepAliveIdle)
}

// SetKeepAliveConfig sets when keep-alive probes are sent. In each field 0 means the
// default of net.KeepAliveConfig, and a negative value changes nothing.
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

// setSeconds sets a TCP option that is a time in seconds, rounded up.
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
	if err := c.netFD().setsockoptInt(level, option, value); err != nil {
		return c.opError("set", err)
	}
	return nil
}

// MultipathTCP reports whether the connection uses Multipath TCP. That may change: the kernel
// falls back to TCP if the peer or a device on the path does not support Multipath TCP.
func (c *TCPConn) MultipathTCP() (bool, error) {
	if !c.ok() {
		return false, syscall.EINVAL
	}
	if !SupportsMultipathTCP() {
		return false, nil
	}
	// The option fails after the connection has fallen back. It exists since Linux 5.16.
	_, err := c.fd.getsockoptInt(unix.SOL_MPTCP, mptcpInfo)
	switch err {
	case syscall.EOPNOTSUPP, syscall.ENOPROTOOPT:
		return false, nil
	}
	return true, nil
}

// SyscallConn returns raw access to the descriptor. Its Read and Write wait as the
// connection's do, deadlines included.
func (c *TCPConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }
