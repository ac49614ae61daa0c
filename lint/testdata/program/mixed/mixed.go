// Package mixed has one file that is swapped, and one that is not.
package mixed

import net "github.com/a57b2d82/netpoller"

func open() (net.Conn, error) { return net.Dial("tcp", "") }
