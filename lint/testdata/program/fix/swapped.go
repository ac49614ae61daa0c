// Package fix can be swapped by an edit of its imports.
package fix

import net "github.com/a57b2d82/netpoller"

func open() (net.Conn, error) { return net.Dial("tcp", "") }
