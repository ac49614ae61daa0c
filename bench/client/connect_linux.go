package client

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// connect returns a non-blocking connected socket, from an address if that is not empty.
func connect(network, from, addr string) (int, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return -1, err
	}
	kind := unix.SOCK_STREAM
	if network == "udp" {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if from != "" {
		err = bindAddress(fd, from)
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()})
	}
	if err == nil && network == "tcp" {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		err = resetAtClose(fd)
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// bindAddress leaves the choice of a port to connect, which knows which are free towards one server.
func bindAddress(fd int, from string) error {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: addr.As4()})
}

// resetAtClose keeps thousands of connections a minute from filling the machine's table with TIME_WAIT.
func resetAtClose(fd int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

// connectionsPerAddress is fewer than half of the ports that Linux gives to one address by default: it tries the other half
// last, and then has to search for each.
const connectionsPerAddress = 10_000

// source is the loopback address that a client's i-th connection comes from; empty for any.
func source(i int) string {
	if i < connectionsPerAddress {
		return ""
	}
	return fmt.Sprintf("127.0.1.%d", i/connectionsPerAddress)
}
