package fix

import n "net"

func half(c *n.TCPConn) { c.CloseWrite() }
