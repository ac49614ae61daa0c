package main

import (
	"maps"
	"slices"
	"strings"
)

// A subject is a package of Go's own, or a module, whose tests are run both ways.
type subject struct {
	name     string            // of the module, as path@version, or of the package
	what     string            // it is
	packages []string          // whose tests are run
	args     []string          // of go test
	under    []string          // the command that runs go test, which its tests need around them
	skip     map[string]string // tests that are left out, and why
}

// std reports whether the subject is one of Go's own packages.
func (s subject) std() bool { return !strings.Contains(s.name, "@") }

// isImported reports whether the subject is tested as a dependency: its packages have whole names.
func (s subject) isImported() bool { return !s.std() && !strings.HasPrefix(s.packages[0], ".") }

// flags returns the flags of go test: args, and one that leaves out what is to be skipped.
func (s subject) flags() []string {
	if len(s.skip) == 0 {
		return s.args
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.skip)) {
		names = append(names, "^"+strings.ReplaceAll(name, "/", "$/^")+"$")
	}
	return append(slices.Clone(s.args), "-skip="+strings.Join(names, "|"))
}

// std returns a package of Go's own.
func std(name, what string) subject { return subject{name: name, what: what, packages: []string{name}} }

// module returns a module, all packages of which are tested.
func module(name, what string) subject {
	return subject{name: name, what: what, packages: []string{"./..."}}
}

// oneBus runs a command with a D-Bus daemon, which is both of its buses.
var oneBus = []string{"dbus-run-session", "--", "sh", "-c", `DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS exec "$@"`, "sh"}

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
	module("github.com/coder/websocket@v1.8.15", "WebSocket, with contexts"),
	module("github.com/gobwas/ws@v1.5.0", "WebSocket, without net/http"),
	module("github.com/pion/dtls/v3@v3.0.7", "DTLS"),
	module("github.com/soheilhy/cmux@v0.1.5", "a multiplexer of connections"),
	{name: "golang.org/x/crypto@v0.59.0", what: "an SSH server and client", packages: []string{"./ssh/..."}},
	{name: "google.golang.org/grpc@v1.85.0", what: "remote procedure calls over HTTP/2", packages: []string{"./internal/transport/...", "./test"}, args: []string{"-short"},
		skip: map[string]string{"Test/GoAwayStreamIDSmallerThanCreatedStreams": "it forgets a listener, and its leak check sees the reactor until the collector closes the listener"}},
	module("github.com/emersion/go-imap@v1.2.1", "an IMAP server and client"),
	module("github.com/hashicorp/yamux@v0.1.2", "streams over one connection"),
	{name: "github.com/hashicorp/memberlist@v0.7.0", what: "membership of a cluster, by gossip", packages: []string{"."},
		skip: map[string]string{
			"TestSuspicion_Timer":       "it has no socket, and fails both ways on a busy machine",
			"TestSuspicion_Timer_ZeroK": "it has no socket, and fails both ways on a busy machine",
		}},
	{name: "github.com/nats-io/nats-server/v2@v2.15.2", what: "a message broker", packages: []string{"./test"}, args: []string{"-skip=^TestOCSP"}},
	{name: "github.com/coredns/coredns@v1.15.0", what: "a DNS server", packages: []string{"./core/dnsserver", "./plugin/forward", "./plugin/grpc", "./plugin/pkg/..."}},
	{name: "go.etcd.io/etcd/server/v3@v3.7.3", what: "an embedded etcd", packages: []string{
		"go.etcd.io/etcd/server/v3/embed", "go.etcd.io/etcd/server/v3/etcdserver/api/rafthttp", "go.etcd.io/etcd/server/v3/proxy/tcpproxy"}},
	{name: "github.com/caddyserver/caddy/v2@v2.11.9", what: "a web server and reverse proxy", packages: []string{
		".", "./caddytest/...", "./modules/caddyhttp/...", "./modules/caddytls/..."}},
	module("github.com/valyala/fasthttp@v1.78.0", "HTTP without net/http"),
	{name: "github.com/quic-go/quic-go@v0.65.0", what: "QUIC and HTTP/3", packages: []string{".", "./http3/...", "./integrationtests/self"}},
	module("github.com/alicebob/miniredis/v2@v2.40.0", "a Redis server"),
	module("github.com/cloudflare/tableflip@v1.2.3", "restarts that hand listeners over"),
	module("github.com/containerd/ttrpc@v1.2.10", "remote procedure calls over Unix sockets"),
	{name: "github.com/godbus/dbus/v5@v5.2.4", what: "a D-Bus client, which passes descriptors", packages: []string{"./..."}, under: oneBus},
}
