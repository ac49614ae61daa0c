package main

import "strings"

// A subject is a package of Go's own, or a module, whose tests are run both ways.
type subject struct {
	name     string            // of the module, as path@version, or of the package
	what     string            // it is
	packages []string          // whose tests are run
	skip     map[string]string // tests that may differ, and why
}

// std reports whether the subject is one of Go's own packages.
func (s subject) std() bool { return !strings.Contains(s.name, "@") }

// std returns a package of Go's own.
func std(name, what string) subject { return subject{name: name, what: what, packages: []string{name}} }

// module returns a module, all packages of which are tested.
func module(name, what string) subject {
	return subject{name: name, what: what, packages: []string{"./..."}}
}

// subjects is the list.
var subjects = []subject{
	std("net/http", "HTTP server and client"),
	std("net/http/httptest", "its helpers for tests"),
	std("net/http/httputil", "its reverse proxy"),
	std("net/rpc", "remote procedure calls"),
	std("net/rpc/jsonrpc", "the same in JSON"),
	std("net/smtp", "mail"),
	std("net/textproto", "text protocols"),
	std("crypto/tls", "TLS"),
	std("log/syslog", "the system log"),
	std("expvar", "variables over HTTP"),
	{name: "golang.org/x/net@v0.57.0", what: "HTTP/2, WebSocket, SOCKS", packages: []string{"./http2/...", "./websocket", "./proxy", "./internal/socks", "./netutil", "./nettest"}},
	module("github.com/miekg/dns@v1.1.73", "a DNS server and client"),
	module("github.com/mochi-mqtt/server/v2@v2.7.9", "an MQTT broker"),
	module("github.com/emersion/go-smtp@v0.25.1", "an SMTP server and client"),
	module("github.com/elazarl/goproxy@v1.9.2", "an HTTP proxy"),
	module("github.com/gorilla/websocket@v1.5.3", "WebSocket"),
	module("github.com/pion/dtls/v3@v3.0.7", "DTLS"),
	module("github.com/soheilhy/cmux@v0.1.5", "a multiplexer of connections"),
}
