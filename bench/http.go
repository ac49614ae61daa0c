//go:build linux

package main

import (
	"fmt"
	"net/http"
)

var httpScenario = scenario{
	key: "http", title: "HTTP/1.1, connections kept alive", unit: "request",
	shows: "http.Server answers GET with 64 bytes. net/http reads in the background while a handler runs and sets " +
		"deadlines to stop that: many small waits, little data.",
	points: crossed([]int{1, 64, 1000}, []int{64}),
	start:  serveHTTP,
	load: func(srv *server, p point) (loader, error) {
		return newClient(srv.hello.Addr, p.Conns, httpDialogue(p.Size))
	},
	compared: echoScenario.compared,
	others:   echoScenario.others,
}

func serveHTTP(v variant, p point) (subject, error) {
	ln, err := v.sockets().listen("tcp", "127.0.0.1:0")
	if err != nil {
		return subject{}, err
	}
	go http.Serve(ln, httpHandler(p.Size))
	return subject{addr: ln.Addr().String()}, nil
}

// httpHandler answers with the path, which has the number of the request, filled up to size bytes.
func httpHandler(size int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // so that the client knows every byte
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%-*s", size, r.URL.Path)
	})
}

// httpDialogue is minimal HTTP/1.1 for httpHandler.
func httpDialogue(size int) *dialogue {
	const number = "0000000000000000"
	size = max(size, len("/"+number))
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	request := []byte("GET /" + number + " HTTP/1.1\r\nHost: bench\r\n\r\n")
	reply := fmt.Appendf(nil, head+"Content-Length: %d\r\n\r\n", size)
	body := len(reply)
	reply = fmt.Appendf(reply, "%-*s", size, "/"+number)
	return &dialogue{network: "tcp", request: request, reply: reply, length: len(reply), units: 1, stamp: func(seq uint64) {
		stampHex(request[len("GET /"):], seq)
		stampHex(reply[body+1:], seq)
	}}
}

// stampHex writes 16 digits.
func stampHex(p []byte, seq uint64) {
	const digits = "0123456789abcdef"
	for i := 15; i >= 0; i-- {
		p[i] = digits[seq&15]
		seq >>= 4
	}
}
