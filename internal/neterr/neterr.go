// Package neterr holds the errors that package net makes but does not export. They
// have the same text and answer Timeout, Temporary and errors.Is the same way.
//
// Where it stands: conn, dialer and resolve put them into net.OpError.
package neterr

//lint:file-ignore ST1012 that these are errors is what the name of the package says

import (
	"context"
	"errors"
	"net"
)

var (
	MissingAddress    = errors.New("missing address")
	NoSuitableAddress = errors.New("no suitable address found")

	// Canceled is what a canceled dial fails with; it is context.Canceled.
	Canceled error = canceledError{}

	// Timeout is what a dial that took too long fails with; it is
	// context.DeadlineExceeded. (An operation on a connection fails with
	// os.ErrDeadlineExceeded, which has the same text.)
	Timeout error = timeoutError{}
)

type canceledError struct{}

func (canceledError) Error() string        { return "operation was canceled" }
func (canceledError) Is(target error) bool { return target == context.Canceled }

type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// OfContext turns a context's error into the one of package net.
func OfContext(err error) error {
	switch err {
	case context.Canceled:
		return Canceled
	case context.DeadlineExceeded:
		return Timeout
	}
	return err
}

// Addr returns what a net.OpError is to name: a nil pointer is no address, rather than
// an address that is not nil.
func Addr[A any, P interface {
	*A
	net.Addr
}](a P) net.Addr {
	if a == nil {
		return nil
	}
	return a
}
