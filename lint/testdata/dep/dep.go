// Package dep is a dependency: the swap of imports does not reach it.
package dep

import (
	"net"
	"net/http"
)

// Dial opens a socket by two functions.
func Dial(addr string) (net.Conn, error) { return connect(addr) }

func connect(addr string) (net.Conn, error) { return net.Dial("tcp", addr) }

// Fetch opens a socket by package net/http.
func Fetch(url string) error {
	_, err := http.Get(url)
	return err
}

// Exchange opens a socket by a client of package net/http.
func Exchange(url string) error {
	_, err := client().Get(url)
	return err
}

func client() *http.Client { return http.DefaultClient }

// Parse opens none.
func Parse(addr string) (*net.TCPAddr, error) { return net.ResolveTCPAddr("tcp", addr) }

// Options have a field for the program's own connections.
type Options struct {
	Dialer func(addr string) (net.Conn, error)
	state  net.Conn
}

// A Client opens sockets by its Options.
type Client struct{ Options *Options }

// NewClient returns a Client.
func NewClient(o *Options) *Client {
	if o.Dialer == nil {
		o.Dialer = Dial
	}
	return &Client{o}
}

// Connect keeps what it has opened, which is no choice of the program.
func (o *Options) Connect(addr string) (err error) {
	if o.state == nil {
		o.state, err = connect(addr)
	}
	return err
}

type settings struct {
	dial func(addr string) (net.Conn, error)
}

// An Option says how New opens sockets.
type Option func(*settings)

// WithDial is an Option.
func WithDial(dial func(addr string) (net.Conn, error)) Option {
	return func(s *settings) { s.dial = dial }
}

// New opens sockets as its options say.
func New(addr string, options ...Option) (net.Conn, error) {
	var s settings
	for _, o := range options {
		o(&s)
	}
	if s.dial != nil {
		return s.dial(addr)
	}
	return connect(addr)
}

// On opens a socket if it gets none.
func On(c net.Conn) error {
	if c == nil {
		var err error
		if c, err = connect("localhost:1"); err != nil {
			return err
		}
	}
	return c.Close()
}

// Map is generic.
func Map[T any](addr string, f func(net.Conn) T) (t T) {
	if c, err := connect(addr); err == nil {
		t = f(c)
	}
	return t
}

// Serve has a parameter of a type of package net's own.
func Serve(l *net.TCPListener) error { return l.Close() }

// Open has a result of one.
func Open() (*net.TCPConn, error) { return net.DialTCP("tcp", nil, nil) }

// Handle is a field of one.
type Handler struct {
	Dialer *net.Dialer
	Handle func(*net.TCPConn)
}

// An Acceptor is what a listener of package net is.
type Acceptor interface {
	AcceptTCP() (*net.TCPConn, error)
}

// Accept needs one.
func Accept(a Acceptor) error {
	_, err := a.AcceptTCP()
	return err
}

// Write takes buffers.
func Write(b net.Buffers) error { return nil }

// WriteAll takes slices.
func WriteAll(b [][]byte) error { return nil }

// Keep is generic.
func Keep[T any](a, b T) T { return a }

// Again opens a socket, or calls a copy of the field.
func (c *Client) Again(addr string) (net.Conn, error) {
	dial := c.Options.Dialer
	if dial == nil {
		dial = connect
	}
	return dial(addr)
}

// Transport compares a field of a value that it has made.
func Transport(addr string) (net.Conn, error) {
	t := new(http.Transport)
	if t.DialContext == nil {
		return connect(addr)
	}
	return nil, nil
}

// Twice opens a socket, and maybe another.
func Twice(c *Client, addr string) error {
	if _, err := c.Again(addr); err != nil {
		return err
	}
	return Thrice(addr)
}

// Thrice is one step farther from package net than Again.
func Thrice(addr string) error {
	_, err := Dial(addr)
	return err
}

// A Config has a default.
type Config struct {
	Embedded
	Name string
}

// Embedded has the field of a Config.
type Embedded struct {
	DialFunc func(addr string) (net.Conn, error)
}

// NewConfig opens nothing, but what it returns does.
func NewConfig() *Config {
	c := new(Config)
	c.DialFunc = connect
	return c
}

// Default opens nothing, and what it returns is for options to change.
func Default(addr string) any { return &settings{dial: connect} }
