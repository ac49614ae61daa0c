// Service is a service as one runs it: HTTPS with HTTP/2, a graceful end, statistics, and a client
// with timeouts. net/http is unmodified; its sockets are netpoller's.
//
//	go run ./examples/service -https 127.0.0.1:8443 -admin 127.0.0.1:8080
//	curl -k https://127.0.0.1:8443/ ; curl http://127.0.0.1:8080/debug/vars
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"expvar"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os/signal"
	"syscall"
	"time"

	net "github.com/a57b2d82/netpoller"
)

// serve serves until ctx is done, then lets the requests in progress end.
func serve(ctx context.Context, ln net.Listener, handler http.Handler, config *tls.Config) error {
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         config,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- server.Shutdown(limited)
	}()
	var err error
	if config != nil {
		err = server.ServeTLS(ln, "", "") // with HTTP/2
	} else {
		err = server.Serve(ln)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// newClient returns a client that has the proxy, HTTP/2 and the timeouts of net/http's own, and
// limits of its own besides.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	transport.ResponseHeaderTimeout = 10 * time.Second
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// publish shows the statistics of the reactors at /debug/vars.
func publish() {
	expvar.Publish("netpoller", expvar.Func(func() any { return net.DefaultPollerGroup().Stats() }))
}

// hello answers after a while, as a service that works does.
func hello(w http.ResponseWriter, r *http.Request) {
	if wait, err := time.ParseDuration(r.FormValue("wait")); err == nil {
		http.NewResponseController(w).Flush() // the header goes out at once
		time.Sleep(wait)
	}
	fmt.Fprintf(w, "hello over %s\n", r.Proto)
}

// fetch passes on what another service answers.
func fetch(client *http.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), "GET", r.FormValue("url"), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		response, err := client.Do(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		io.Copy(w, response.Body)
	}
}

// certificate returns one for tests. A service loads its own: tls.LoadX509KeyPair.
func certificate() *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}

func main() {
	https := flag.String("https", "127.0.0.1:8443", "address of the service")
	admin := flag.String("admin", "127.0.0.1:8080", "address of the statistics")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	publish()
	http.HandleFunc("/", hello)
	http.HandleFunc("/fetch", fetch(newClient()))
	ln, err := net.Listen("tcp", *https)
	if err != nil {
		log.Fatal(err)
	}
	adminLn, err := net.Listen("tcp", *admin)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on https://%s and http://%s\n", ln.Addr(), adminLn.Addr())
	go serve(ctx, adminLn, expvar.Handler(), nil)
	if err := serve(ctx, ln, http.DefaultServeMux, certificate()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ended")
}
