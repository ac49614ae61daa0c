package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/a57b2d82/netpoller"
)

// A listenFunc is netpoller.Listen or net.Listen.
type listenFunc func(network, address string) (net.Listener, error)

// An idleChat serves with gobwas/ws on an IdleServer. A connection that waits is a peer, with
// its tls.Conn if there is one, and nothing else.
type idleChat struct {
	idle  netpoller.IdleServer
	peers room[*peer]
}

// A peer is a connection, and the state of its protocol: package ws keeps none.
type peer struct {
	net.Conn // with TLS or without
	upgraded bool
}

// NetConn lets the IdleServer find the socket.
func (p *peer) NetConn() net.Conn { return p.Conn }

// serveIdle serves the connections of listen. Reading is how long a peer may stop within a
// message. The limit of a connection that is not netpoller's also ends one that waits for a
// message, so it must be 0 there.
func serveIdle(listen listenFunc, reading time.Duration, certificate *tls.Certificate) (*server, error) {
	l, err := listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	chat := new(idleChat)
	chat.idle.Serve = chat.serve
	chat.idle.Done = func(c net.Conn, _ error) { chat.peers.leave(c.(*peer)) }
	go chat.accept(l, reading, configOf(certificate))
	return &server{
		address: l.Addr().String(),
		online:  chat.peers.len,
		stop: func() {
			l.Close()
			chat.peers.each(func(p *peer) { p.Close() })
		},
	}, nil
}

// accept adds connections to the IdleServer until l is closed. The IdleServer does the TLS
// handshake, too, in a goroutine that ends with it. The limits are below TLS.
func (chat *idleChat) accept(l net.Listener, reading time.Duration, config *tls.Config) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // no descriptor is left, for one
			time.Sleep(10 * time.Millisecond)
			continue
		}
		c = netpoller.WithTimeout(c, reading, patience)
		if config != nil {
			c = tls.Server(c, config)
		}
		chat.idle.Add(&peer{Conn: c})
	}
}

// serve reads the request for an upgrade, or a message. The IdleServer calls it again while a
// layer has more.
func (chat *idleChat) serve(c net.Conn, r *bufio.Reader) error {
	p := c.(*peer)
	if p.upgraded {
		return p.refuse(chat.message(p, r))
	}
	// Upgrade reads on from r with a buffer of its own. It loses nothing: a client waits for the
	// response before it sends a message.
	_, err := ws.Upgrade(struct {
		io.Reader
		io.Writer
	}{r, p})
	if err == nil {
		p.upgraded = true
		chat.peers.enter(p)
	}
	return err
}

// message reads a message, with the control frames between its fragments, or a control frame.
func (chat *idleChat) message(p *peer, r *bufio.Reader) error {
	control := wsutil.ControlFrameHandler(p, ws.StateServerSide)
	reader := wsutil.Reader{
		Source:         r,
		State:          ws.StateServerSide,
		CheckUTF8:      true,
		MaxMessageSize: longest,
		OnIntermediate: control,
	}
	header, err := reader.NextFrame()
	if err != nil {
		return err
	}
	if header.OpCode.IsControl() {
		return control(header, &reader)
	}
	message, err := io.ReadAll(&reader)
	if err != nil {
		return err
	}
	frame, err := ws.CompileFrame(ws.NewFrame(header.OpCode, true, message))
	if err != nil {
		return err
	}
	if header.OpCode == ws.OpText && bytes.HasPrefix(message, []byte(toAll)) {
		chat.peers.each(func(p *peer) { p.send(frame) })
		return nil
	}
	return p.send(frame)
}

// send writes a frame in one Write, so frames that are sent at once do not mix. If it fails, the
// socket is closed, of which the IdleServer learns as of any other end.
func (p *peer) send(frame []byte) error {
	_, err := p.Write(frame)
	if err != nil {
		abort(p.Conn)
	}
	return err
}

// refuse tells the peer why it is closed, if its message is to blame. It returns err.
func (p *peer) refuse(err error) error {
	code := ws.StatusProtocolError
	var protocol ws.ProtocolError
	switch {
	case errors.Is(err, wsutil.ErrInvalidUTF8):
		code = ws.StatusInvalidFramePayloadData
	case errors.Is(err, wsutil.ErrMessageTooLarge):
		code = ws.StatusMessageTooBig
	case !errors.As(err, &protocol):
		return err
	}
	if frame, err := ws.CompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(code, err.Error()))); err == nil {
		p.send(frame)
	}
	return err
}
