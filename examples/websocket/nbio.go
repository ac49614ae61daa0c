package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"sync"

	nbtls "github.com/lesismal/llib/std/crypto/tls"
	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

// serveNbio serves with nbio, which has an epoll of its own, HTTP, WebSockets and TLS that are
// made for it, and calls back with messages. Its Write keeps what the socket does not take.
func serveNbio(certificate *tls.Certificate) (*server, error) {
	logging.Output = os.Stderr
	logging.SetLevel(logging.LevelNone)
	var members room[*websocket.Conn]
	upgrader := websocket.NewUpgrader()
	upgrader.KeepaliveTime = 0 // the others have none
	upgrader.MessageLengthLimit = longest
	upgrader.OnOpen(members.enter)
	upgrader.OnClose(func(c *websocket.Conn, _ error) { members.leave(c) })
	upgrader.OnMessage(func(c *websocket.Conn, opcode websocket.MessageType, message []byte) {
		if opcode == websocket.TextMessage && strings.HasPrefix(string(message), toAll) {
			members.each(func(c *websocket.Conn) { c.WriteMessage(opcode, message) })
			return
		}
		c.WriteMessage(opcode, message)
	})
	config := nbhttp.Config{
		Network:                 "tcp",
		MaxLoad:                 1 << 20,     // connections; 10,000 if it is not set
		MaxWriteBufferSize:      4 * longest, // with a peer that takes no more
		ReleaseWebsocketPayload: true,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			upgrader.Upgrade(w, r, nil)
		}),
	}
	address := []string{"127.0.0.1:0"} // which Start replaces
	if certificate != nil {
		config.AddrsTLS = address
		config.TLSConfig = &nbtls.Config{Certificates: []nbtls.Certificate{{
			Certificate: certificate.Certificate,
			PrivateKey:  certificate.PrivateKey,
		}}}
	} else {
		config.Addrs = address
	}
	engine := nbhttp.NewEngine(config)
	if err := engine.Start(); err != nil {
		return nil, err
	}
	return &server{
		address: address[0],
		online:  members.len,
		stop: sync.OnceFunc(func() { // Shutdown panics when it is called again
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			engine.Shutdown(ctx)
		}),
	}, nil
}
