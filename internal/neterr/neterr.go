// Package neterr holds errors that package net returns and does not export. They have the
// same texts, and the same results of Timeout, Temporary and errors.Is.
//
// Where it stands: conn, dialer and resolve wrap them in net.OpError.
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

	// Canceled is the error of a canceled dial. errors.Is reports that it is
	// context.Canceled.
	Canceled error = canceledError{}

	// Timeout is the error of a dial that took too long. errors.Is reports that it is
	// context.DeadlineExceeded. (An operation of a connection fails with
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

// OfContext returns package net's error for a context's error, and other errors unchanged.
func OfContext(err error) error {
	switch err {
	case context.Canceled:
		return Canceled
	case context.DeadlineExceeded:
		return Timeout
	}
	return err
}

// Addr returns a as a net.Addr, and a nil interface if a is nil.
func Addr[A any, P interface {
	*A
	net.Addr
}](a P) net.Addr {
	if a == nil {
		return nil
	}
	return a
}
