// Package defaults sets how http.DefaultTransport dials, and the fields that dependencies look at.
package defaults

import (
	"net/http"

	"example.com/dep"
	net "github.com/a57b2d82/netpoller"
)

func init() {
	http.DefaultTransport.(*http.Transport).DialContext = new(net.Dialer).DialContext
}

func opensOurs() {
	http.Get("")
	http.DefaultClient.Get("")
	new(http.Client).Get("")
	dep.Fetch("")
	dep.Exchange("")
	c := dep.NewClient(&dep.Options{Dialer: func(addr string) (net.Conn, error) { return net.Dial("tcp", addr) }})
	c.Again("")
	dep.Transport("") // want `dep.Transport stays on net`
	dep.Twice(c, "")  // want `dep.Twice stays on net; it uses dep.Thrice, which uses dep.Dial, which uses dep.connect, which uses net.Dial; use one`
	dep.NewConfig().DialFunc = func(addr string) (net.Conn, error) { return net.Dial("tcp", addr) }
}
