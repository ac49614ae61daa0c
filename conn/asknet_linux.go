package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// Some calls of package net behave differently in the versions of Go that this package
// supports. The questions in this file find out how the package net in the program behaves.

// A question has one answer in a process. No is the answer for the newest package net, and the
// default while the question cannot be answered.
type question struct {
	ask    func() (yes bool, err error) // leaves no descriptor and no goroutine
	answer atomic.Int32
}

const (
	unanswered int32 = iota
	answeredNo
	answeredYes
)

// yes returns the answer. If ask fails, for example because the process has no descriptor
// left, yes returns false, and the next call asks again.
func (q *question) yes() bool {
	if answer := q.answer.Load(); answer != unanswered {
		return answer == answeredYes
	}
	yes, err := q.ask()
	if err != nil {
		return false
	}
	answer := answeredNo
	if yes {
		answer = answeredYes
	}
	q.answer.Store(answer)
	return yes
}

// refusesMapped asks whether an IPv4 socket refuses an IPv4-mapped IPv6 AddrPort, as in Go
// 1.25.0. It writes to a closed socket: package net checks the address first, and nothing is
// sent.
var refusesMapped = question{ask: func() (bool, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return false, err
	}
	c.Close()
	_, err = c.WriteToUDPAddrPort(nil, netip.MustParseAddrPort("[::ffff:127.0.0.1]:9"))
	return isAddrError(err), nil
}}

// refusesNone asks whether WriteMsgUDPAddrPort of a connected socket refuses the zero
// AddrPort, as before Go 1.26. Since then it writes to the peer.
var refusesNone = question{ask: func() (bool, error) {
	c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
	if err != nil {
		return false, err
	}
	c.Close()
	_, _, err = c.WriteMsgUDPAddrPort(nil, nil, netip.AddrPort{})
	return isAddrError(err), nil
}}

func isAddrError(err error) bool {
	var wrong *net.AddrError
	return errors.As(err, &wrong)
}

// wrapsEOF asks whether ReadFrom and ReadMsgUnix of a Unix socket wrap io.EOF in a
// net.OpError, as before Go 1.27.
var wrapsEOF = question{ask: func() (bool, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	syscall.Close(pair[1])
	f := os.NewFile(uintptr(pair[0]), "")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return false, err
	}
	defer c.Close()
	_, _, err = c.(net.PacketConn).ReadFrom(make([]byte, 1))
	return err != io.EOF, nil
}}

// wildcardIsIPv4 asks whether a socket bound to all addresses is an IPv4 socket, because the
// system has no IPv6 sockets that accept IPv4 too. Package net's answer depends on whether a
// policy denies bind(2). Package net calls a Control hook before bind(2), and the hook ends
// the call. The question uses the type of socket that package net itself tries, because a
// policy may deny the others.
var wildcardIsIPv4 = question{ask: func() (yes bool, err error) {
	told := errors.New("told")
	lc := net.ListenConfig{Control: func(network, _ string, _ syscall.RawConn) error {
		yes = network == "tcp4"
		return told
	}}
	lc.SetMultipathTCP(false)
	if _, err = lc.Listen(context.Background(), "tcp", ":0"); errors.Is(err, told) {
		return yes, nil
	}
	fd, ipv6Err := sys.Socket(syscall.AF_INET6, syscall.SOCK_DGRAM, 0)
	if ipv6Err == nil {
		sys.CloseFD(fd)
	}
	if errors.Is(ipv6Err, syscall.EAFNOSUPPORT) {
		return true, nil
	}
	return false, err
}}

// netFileError returns package net's error of net.FileConn for f, or err if that succeeds.
func netFileError(f *os.File, err error) error {
	c, netErr := net.FileConn(f)
	if netErr == nil {
		c.Close()
		return err
	}
	var op *net.OpError
	if errors.As(netErr, &op) {
		return op.Err
	}
	return netErr
}
