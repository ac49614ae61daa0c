// Package unswapped is as it was before the swap.
package unswapped

import (
	"net" // want `net.Dial, net.DialTimeout, net.Dialer, net.FileListener, net.ListenConfig and net.ListenTCP stay on net; import net "github.com/a57b2d82/netpoller" in place of "net"`
	"os"
)

var dial = net.Dial

func opens(f *os.File) {
	net.DialTimeout("tcp", "", 0)
	net.ListenTCP("tcp", nil)
	net.FileListener(f)
	d := new(net.Dialer)
	d.Dial("tcp", "")
	var lc net.ListenConfig
	lc.Listen(nil, "tcp", "")
}

func opensNone(d *net.Dialer, c net.Conn) net.IP {
	c, _ = net.Pipe()
	net.LookupHost("")
	return net.ParseIP("")
}
