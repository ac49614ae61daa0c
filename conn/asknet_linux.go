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

// Package net answers some calls differently in the versions of Go that this package
// supports. The questions here are put to the net that the program is built with.

// A question has one answer for as long as the process lives. No is the answer of the
// newest net, and the one that is used while net cannot be asked.
type question struct {
	ask    func() (yes bool, err error) // leaves no descriptor and no goroutine
	answer atomic.Int32
}

const (
	unanswered int32 = iota
	answeredNo
	answeredYes
)

// yes returns the answer. While net cannot be asked, because the process has no
// descriptor left for example, it returns false, and the next call asks again.
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

// refusesMapped asks whether an IPv4 socket refuses an AddrPort that is mapped into
// IPv6, as in Go 1.25.0. It writes to a closed socket: nothing is sent, and the address
// is looked at first.
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
// AddrPort, as before Go 1.26, rather than write to the peer.
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

// wrapsEOF asks whether ReadFrom and ReadMsgUnix of a Unix socket put io.EOF into a
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

// wildcardIsIPv4 asks whether a socket bound to all addresses is an IPv4 one, because
// the system has no IPv6 socket that takes IPv4 too. Net's answer differs if a
// policy denies bind(2). The hook is told before that, and ends the call. It asks with
// the kind of socket that net itself tries: a policy may deny the others.
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

// netFileError returns what net says of a file that none of its connections can be made
// of, or err if it can.
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
