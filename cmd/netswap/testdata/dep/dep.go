// Package dep is a dependency of the program that uses package net.
package dep

import (
	"context"
	"net"
)

// Dial asks for a type of package net's.
func Dial(d *net.Dialer, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), "tcp", address)
}
