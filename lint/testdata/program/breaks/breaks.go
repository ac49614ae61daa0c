// Package breaks does not compile after the swap.
package breaks

import (
	"crypto/tls"
	"net" // want `net.Dialer, net.ListenConfig and net.ListenTCP stay on net`

	"example.com/dep"
)

func calls(c *net.TCPConn, l net.Listener) {
	d := &net.Dialer{}
	tls.DialWithDialer(d, "tcp", "", nil) // want `does not compile once net is netpoller: cannot use d .*\*netpoller.Dialer.* as \*net.Dialer value in argument to tls.DialWithDialer; use nettls.DialWithDialer$` `tls.DialWithDialer stays on net`
	_ = tls.Dialer{NetDialer: d}          // want `does not compile once net is netpoller: .*; use a nettls.Dialer$`
	var td tls.Dialer
	td.NetDialer = d // want `does not compile once net is netpoller: .*; use a nettls.Dialer$`
	_ = td

	tcp, _ := net.ListenTCP("tcp", nil)
	dep.Serve(tcp)                               // want `does not compile once net is netpoller: .* in argument to dep.Serve; `
	dep.Serve(l.(*net.TCPListener))              // want `does not compile once net is netpoller: .* in argument to dep.Serve; `
	dep.Accept(tcp)                              // want `does not compile once net is netpoller: .*does not implement.*; `
	dep.Write(net.Buffers{nil})                  // want `does not compile once net is netpoller: .* in argument to dep.Write; `
	_ = dep.Handler{Dialer: d}                   // want `does not compile once net is netpoller: .*; `
	new(dep.Handler).Handle = handle             // want `does not compile once net is netpoller: .*; `
	_ = []*net.Dialer{new(tls.Dialer).NetDialer} // want `does not compile once net is netpoller: .*; `
}

func handle(c *net.TCPConn) {}

func results() (*net.TCPConn, error) {
	c, _ := dep.Open()    // want `dep.Open stays on net`
	handle(c)             // want `does not compile once net is netpoller: .* in argument to handle; `
	_ = (*net.TCPConn)(c) // want `does not compile once net is netpoller: cannot convert`
	var a dep.Acceptor
	_ = a.(*net.TCPListener) // want `does not compile once net is netpoller: impossible type assertion`
	switch a.(type) {
	case *net.TCPListener: // want `does not compile once net is netpoller: impossible type switch case`
	}
	return dep.Open() // want `does not compile once net is netpoller: .* return` `dep.Open stays on net`
}

var config net.ListenConfig
