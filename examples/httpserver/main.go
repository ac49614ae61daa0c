// Httpserver serves HTTP/1.1, HTTP/2 over TLS and upgraded connections with an
// unmodified net/http.Server on netpoller's listeners.
//
//	go run ./examples/httpserver -http 127.0.0.1:8080 -https 127.0.0.1:8443
//	curl http://127.0.0.1:8080/ ; curl -k https://127.0.0.1:8443/
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	net "github.com/a57b2d82/netpoller"
)

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello over %s from %s\n", r.Proto, r.Context().Value(http.LocalAddrContextKey))
}

// upgrade takes the connection away from the server, as WebSocket does, and echoes.
func upgrade(w http.ResponseWriter, r *http.Request) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusHTTPVersionNotSupported)
		return
	}
	defer c.Close()
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	io.Copy(c, rw) // rw may hold bytes that came with the request
}

func listen(address string) net.Listener {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	return ln
}

func main() {
	plain := flag.String("http", "127.0.0.1:8080", "address for plain HTTP")
	secure := flag.String("https", "127.0.0.1:8443", "address for HTTPS, with a certificate for tests")
	flag.Parse()
	http.HandleFunc("/", hello)
	http.HandleFunc("/upgrade", upgrade)

	tls := &httptest.Server{Listener: listen(*secure), EnableHTTP2: true, Config: &http.Server{}}
	tls.StartTLS()
	ln := listen(*plain)
	fmt.Printf("listening on http://%s and %s\n", ln.Addr(), tls.URL)
	log.Fatal(http.Serve(ln, nil))
}
