package api // want package:"swapped"

// The swap changes this API, and reaches the packages that use it.

import (
	"net" // want `net.DialTCP stays on net`
)

// Handle has a parameter.
func Handle(c *net.TCPConn) {}

// Open has a result.
func Open() (*net.TCPConn, error) { return net.DialTCP("tcp", nil, nil) } // want Open:"net.DialTCP"

// A Server has a field, and a method.
type Server[T any] struct {
	Listener *net.TCPListener
	Value    T
}

// Accept has results.
func (s *Server[T]) Accept() (*net.TCPConn, error) { return s.Listener.AcceptTCP() }
