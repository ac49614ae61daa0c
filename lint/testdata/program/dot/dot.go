// Package dot imports net without a name.
package dot

import . "net" // want `net.Listen and net.ListenConfig stay on net; import \. "github.com/a57b2d82/netpoller" in place of "net"`

func opens() (Listener, error) { return Listen("tcp", "") }

var config ListenConfig
