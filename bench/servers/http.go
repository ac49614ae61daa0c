//go:build linux

package servers

import (
	"crypto/tls"
	"fmt"
	"net/http"
)

// HTTP is an http.Server.
func HTTP(v Variant, p Point) (Subject, error) {
	ln, err := v.sockets().listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Subject{}, err
	}
	go http.Serve(ln, httpHandler(p.Size))
	return Subject{Addr: ln.Addr().String()}, nil
}

// HTTPS is an http.Server over TLS, for HTTP/1 only.
func HTTPS(v Variant, p Point) (Subject, error) {
	config, err := tlsConfig()
	if err != nil {
		return Subject{}, err
	}
	ln, err := v.sockets().listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Subject{}, err
	}
	go http.Serve(tls.NewListener(ln, config), httpHandler(p.Size))
	return Subject{Addr: ln.Addr().String()}, nil
}

// httpHandler answers with the path, which has the number of the request, filled up to size bytes.
func httpHandler(size int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // so that the client knows every byte
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%-*s", size, r.URL.Path)
	})
}
