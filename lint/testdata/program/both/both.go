// Package both has decided what is to stay on net.
package both

import (
	stdnet "net"

	"example.com/dep"
	net "github.com/a57b2d82/netpoller"
)

func opens() {
	net.Dial("tcp", "")
	l, _ := stdnet.ListenTCP("tcp", nil)
	dep.Serve(l)
	var c net.Conn
	_, _ = c.(*stdnet.TCPConn)
}
