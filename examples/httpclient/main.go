// Httpclient fetches a URL a few times with an unmodified net/http.Transport over
// netpoller's Dialer, and shows which connections were dialed and which reused.
//
//	go run ./examples/httpclient -k -n 3 https://127.0.0.1:8443/
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/a57b2d82/netpoller"
)

func main() {
	n := flag.Int("n", 1, "how many times")
	insecure := flag.Bool("k", false, "accept any certificate")
	flag.Parse()

	transport := http.DefaultTransport.(*http.Transport).Clone() // with its proxy, HTTP/2 and timeouts
	transport.DialContext = (&netpoller.Dialer{Timeout: 5 * time.Second}).DialContext
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: *insecure}
	client := &http.Client{Timeout: time.Minute, Transport: transport}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		fmt.Printf("%s -> %s reused=%v ", info.Conn.LocalAddr(), info.Conn.RemoteAddr(), info.Reused)
	}}
	for range *n {
		req, err := http.NewRequest("GET", flag.Arg(0), nil)
		if err != nil {
			log.Fatal(err)
		}
		resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
		if err != nil {
			log.Fatal(err)
		}
		size, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		fmt.Println(resp.Proto, resp.Status, size, "bytes", err)
	}
}
