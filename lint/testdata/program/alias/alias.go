// Package alias imports net under another name.
package alias

import (
	stdnet "net" // want `net.Dial stays on net; import stdnet "github.com/a57b2d82/netpoller" in place of "net"`
)

func opens() (stdnet.Conn, error) { return stdnet.Dial("tcp", "") }
