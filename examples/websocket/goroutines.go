package main

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// A goroutineChat serves with gorilla/websocket on package net: a goroutine for each connection.
//
// The library is gorilla's and not coder/websocket because it prepares a message once for a
// broadcast to all (PreparedMessage), as package ws does; coder's writes each one anew. Both take
// over a connection from net/http.
type goroutineChat struct {
	upgrader websocket.Upgrader
	members  room[*member]
}

// A member is a connection, which one goroutine at a time may write a message to.
type member struct {
	*websocket.Conn
	writing sync.Mutex
}

// serveGoroutines sets what the library's documentation advises where connections are many:
// small buffers for reading, and buffers for writing only while a message is written.
func serveGoroutines(certificate *tls.Certificate) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	chat := &goroutineChat{upgrader: websocket.Upgrader{ReadBufferSize: 1024, WriteBufferPool: new(sync.Pool)}}
	h := &http.Server{
		Handler:           chat,
		TLSConfig:         configOf(certificate),
		ReadHeaderTimeout: patience,
		ErrorLog:          log.New(io.Discard, "", 0), // of clients that vanish in a handshake
	}
	if certificate != nil {
		go h.ServeTLS(l, "", "")
	} else {
		go h.Serve(l)
	}
	return &server{
		address: l.Addr().String(),
		online:  chat.members.len,
		stop: func() {
			h.Close()
			chat.members.each(func(m *member) { m.Close() })
		},
	}, nil
}

// ServeHTTP upgrades, and leaves the connection to a goroutine of its own: the one that net/http
// has for it would keep the request.
func (chat *goroutineChat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := chat.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has responded
	}
	m := &member{Conn: c}
	m.SetReadLimit(longest)
	chat.members.enter(m)
	go chat.serve(m)
}

// notUTF8 ends a connection whose text the library does not check.
var notUTF8 = websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "invalid UTF-8")

// serve reads messages until the connection ends. The library answers control frames meanwhile.
func (chat *goroutineChat) serve(m *member) {
	defer m.Close()
	defer chat.members.leave(m)
	for {
		opcode, message, err := m.ReadMessage()
		if err != nil {
			return
		}
		if opcode == websocket.TextMessage && !utf8.Valid(message) {
			m.WriteControl(websocket.CloseMessage, notUTF8, time.Now().Add(patience))
			return
		}
		prepared, err := websocket.NewPreparedMessage(opcode, message)
		if err != nil {
			return
		}
		if opcode == websocket.TextMessage && strings.HasPrefix(string(message), toAll) {
			chat.members.each(func(m *member) { m.send(prepared) })
			continue
		}
		if m.send(prepared) != nil {
			return
		}
	}
}

// send writes a message. If it fails, the socket is closed, and the goroutine of m ends.
func (m *member) send(message *websocket.PreparedMessage) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.SetWriteDeadline(time.Now().Add(patience))
	err := m.WritePreparedMessage(message)
	if err != nil {
		abort(m.NetConn())
	}
	return err
}
