//go:build linux

package scenarios

import (
	"time"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// All are the scenarios in the order in which they run. The first is the overview.
var All = []Scenario{
	echo, deadline, timeout, open, wake, burn, neighbor, http, tls, udp, accept, oneShot, oneShotHTTP, oneShotHTTPS, dial, stream,
	sendfile, setDeadline, memory,
}

var echo = Scenario{
	Key: "echo", Title: "Echo", Unit: "request",
	Shows: "A server reads a request and writes it back: what a request costs where the socket is all there is to pay for. " +
		"Closed loop: a request goes out when the reply to the one before is complete.",
	Points:   crossed([]int{1, 64, 1000, 10000}, []int{64, 4 << 10, 64 << 10}),
	start:    servers.Echo,
	own:      echoes,
	load:     client.Echo,
	Compared: []string{"per_second", "cpu"},
	Others:   []string{"p50", "p99", "p99_9", "allocs"},
}

// echoes are the ways of the libraries that have no sockets of package net's kind.
var echoes = map[string]servers.Starter{
	"cloudwego": servers.CloudwegoEcho, "gnet1": servers.GnetEcho, "gnet": servers.GnetEcho, "nbio": servers.NbioEcho,
	"raw": servers.RawEcho,
}

var deadline = Scenario{
	Key: "deadline", Title: "Echo with a deadline before each Read", Unit: "request",
	Shows: "SetReadDeadline(now + 30 s) before each Read, as a server does that gives up on a silent peer. Beside echo " +
		"it shows what the deadline costs.",
	Points:   crossed([]int{1, 64, 1000}, []int{64}),
	start:    servers.DeadlineEcho,
	load:     client.Echo,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var timeout = Scenario{
	Key: "timeout", Title: "Echo with a limit for each Read", Unit: "request",
	Shows: "The same promise by netpoller.WithTimeout, which arms nothing while data is there. With net it takes a " +
		"SetReadDeadline before each Read.",
	Points:   deadline.Points,
	start:    servers.TimeoutEcho,
	load:     client.Echo,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var open = Scenario{
	Key: "open", Title: "Echo at a fixed rate", Unit: "request",
	Shows: "Open loop: requests go out by the clock, whatever the replies do, at the same rate for all; latency counts from " +
		"when a request was due. The highest rate is one at which the client needs less than half a core. A run with a busier " +
		"or a late client is left out.",
	Points:   openPoints([]int{64, 1000}, []int{50, 100}),
	start:    servers.Echo,
	own:      echoes,
	load:     client.OpenLoop,
	Compared: []string{"p50", "p99", "p99_9", "cpu"},
	Others:   []string{"per_second", "late"},
}

var wake = Scenario{
	Key: "wake", Title: "Waking an idle server", Unit: "request",
	Shows: "One connection, and 1 ms of silence before each request, so that all threads are asleep: latency is the way " +
		"from the kernel to a parked goroutine and back. Requests per second say nothing here.",
	Points:   []servers.Point{{Conns: 1, Size: 64}},
	start:    servers.Echo,
	own:      echoes,
	load:     client.Patient,
	Compared: []string{"p50", "p99", "cpu"},
	Others:   []string{"p99_9"},
}

var burn = Scenario{
	Key: "burn", Title: "Echo beside handlers that burn CPU", Unit: "request",
	Shows: "On some connections the handler computes before it answers; latency is that of the others. It asks whether " +
		"readiness waits for running handlers. The burning handlers' rate is shown too, since others look good if those starve.",
	Points: []servers.Point{
		{Conns: 64, Size: 64, Burners: 16, Burn: 50 * time.Microsecond},
		{Conns: 64, Size: 64, Burners: 1, Burn: 5 * time.Millisecond},
		{Conns: 64, Size: 64, Burners: 4, Burn: 5 * time.Millisecond},
	},
	start:    servers.BurnEcho,
	load:     client.Burning,
	Compared: []string{"per_second", "p99"},
	Others:   []string{"p50", "p99_9", "burns"},
}

var neighbor = Scenario{
	Key: "neighbor", Title: "A quiet connection beside a handler that burns CPU", Unit: "request",
	Shows: "One handler computes for 5 ms of every 6; latency is that of the other connection, which sends a request every " +
		"millisecond or so. A processor is idle all the time: who waits, waits because nobody looks.",
	most:     2,
	Points:   []servers.Point{{Conns: 2, Size: 64, Burners: 1, Burn: 5 * time.Millisecond}},
	start:    servers.BurnEcho,
	load:     client.Neighbors,
	Compared: []string{"p50", "p99"},
	Others:   []string{"p99_9", "burns"},
}

var http = Scenario{
	Key: "http", Title: "HTTP/1.1, connections kept alive", Unit: "request",
	Shows: "http.Server answers GET with 64 bytes. net/http reads in the background while a handler runs and sets " +
		"deadlines to stop that: many small waits, little data.",
	Points:   crossed([]int{1, 64, 1000}, []int{64}),
	start:    servers.HTTP,
	load:     client.HTTP,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var tls = Scenario{
	Key: "tls", Title: "TLS echo", Unit: "request",
	Shows: "Echo under crypto/tls. The client is crypto/tls over package net with a goroutine per connection, dearer than " +
		"the server: read the CPU column, which is the server's.",
	Points:   crossed([]int{1, 64}, []int{64, 16 << 10}),
	start:    servers.TLS,
	load:     client.TLS,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var udp = Scenario{
	Key: "udp", Title: "UDP echo", Unit: "datagram",
	Shows: "One socket, one goroutine: ReadFromUDPAddrPort and WriteToUDPAddrPort. Each client socket has one datagram " +
		"in flight.",
	Points:   crossed([]int{1, 64}, []int{64, 1400}),
	most:     64, // as many fit into the socket's buffer; one that is lost would be waited for
	start:    servers.Datagrams,
	own:      map[string]servers.Starter{"gnet1": servers.GnetDatagrams, "gnet": servers.GnetDatagrams, "raw": servers.RawDatagrams},
	load:     client.Datagrams,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var accept = Scenario{
	Key: "accept", Title: "Accept and close", Unit: "connection",
	Shows: "The server accepts and closes at once; the client keeps so many connections under way, each from connect to " +
		"the end of the stream. It shows what a connection costs that does nothing: accept, registration, close.",
	Points:   []servers.Point{{Conns: 1}, {Conns: 64}},
	start:    servers.AcceptAndClose,
	own:      map[string]servers.Starter{"raw": servers.RawAcceptAndClose},
	load:     client.Churn,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var oneShot = Scenario{
	Key: "oneshot", Title: "One request for each connection", Unit: "connection",
	Shows: "The client connects and sends a request at once; the server accepts, answers and closes. Beside accept it " +
		"shows what the first Read and Write of a connection cost, and beside echo what a connection costs.",
	Points: []servers.Point{{Conns: 1, Size: 64}, {Conns: 64, Size: 64}},
	start:  servers.OneShot,
	own: map[string]servers.Starter{"gnet1": servers.GnetOneShot, "gnet": servers.GnetOneShot, "nbio": servers.NbioOneShot,
		"raw": servers.RawOneShot},
	load:     client.OneShot,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var oneShotHTTP = Scenario{
	Key: "oneshot-http", Title: "HTTP/1.0, one request for each connection", Unit: "connection",
	Shows: "http.Server; the client connects, sends GET with HTTP/1.0 and reads to the end of the stream. Beside oneshot " +
		"it shows what net/http adds to the life of a connection.",
	Points:   oneShot.Points,
	start:    servers.HTTP,
	load:     client.OneShotHTTP,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var oneShotHTTPS = Scenario{
	Key: "oneshot-https", Title: "HTTP/1.0 over TLS, one request for each connection", Unit: "connection",
	Shows: "The same over crypto/tls, so with a full handshake for each request. The client is crypto/tls over package " +
		"net and as dear as the server: read the CPU column, which is the server's.",
	Points:   oneShot.Points,
	start:    servers.HTTPS,
	load:     client.OneShotHTTPS,
	Compared: echo.Compared,
	Others:   echo.Others,
}

var dial = Scenario{
	Key: "dial", Title: "Dial and close", Unit: "connection",
	Shows: "The subject is the client here: so many goroutines dial and close with a reset. The listener is a bare loop " +
		"in the benchmark's own process.",
	Points:   []servers.Point{{Conns: 1}, {Conns: 64}},
	start:    servers.Dial,
	load:     client.Sink,
	Compared: []string{"per_second", "cpu"},
	Others:   []string{"allocs"},
}

var stream = Scenario{
	Key: "stream", Title: "Streaming: Write", Unit: "MiB",
	Shows: "The server answers a request of 8 bytes with 16 MiB, in Writes of the given size; the client takes them off " +
		"the socket without copying, so the writing side is the slow one. Per MiB.",
	Points: []servers.Point{
		{Conns: 1, Size: 64 << 10}, {Conns: 1, Size: 256 << 10}, {Conns: 1, Size: 1 << 20},
		{Conns: 8, Size: 64 << 10}, {Conns: 8, Size: 1 << 20},
	},
	start:    servers.Stream,
	own:      map[string]servers.Starter{"raw": servers.RawStream},
	load:     client.Stream,
	Compared: []string{"per_second", "cpu"},
}

var sendfile = Scenario{
	Key: "sendfile", Title: "Sending a file", Unit: "MiB",
	Shows:    "The same with io.Copy from a file of 16 MiB in memory, which both packages hand to sendfile.",
	Points:   []servers.Point{{Conns: 1}, {Conns: 8}},
	start:    servers.SendFile,
	own:      map[string]servers.Starter{"raw": servers.RawSendFile},
	load:     client.Stream,
	Compared: []string{"per_second", "cpu"},
}

var setDeadline = Scenario{
	Key: "setdeadline", Title: "SetReadDeadline alone", Unit: "call",
	Shows: "Goroutines set deadlines on connections of their own, nobody reads. Extend: each deadline later than the one " +
		"before; shorten: each earlier; set and clear: a deadline and then none, two calls.",
	Points: []servers.Point{
		{Op: "extend", Conns: 1}, {Op: "extend", Conns: 8},
		{Op: "shorten", Conns: 1}, {Op: "shorten", Conns: 8},
		{Op: "set and clear", Conns: 1}, {Op: "set and clear", Conns: 8},
	},
	start:    servers.SetDeadlines,
	load:     client.None,
	Compared: []string{"per_second", "cpu"},
	Others:   []string{"allocs"},
}

var memory = Scenario{
	Key: "memory", Title: "Idle connections", Unit: "connection",
	Shows: "Memory per connection of a server whose connections have each been used once and are idle: a goroutine in " +
		"Read with a buffer of 4 KiB, where there are goroutines. Kernel memory is the growth of the machine's slabs, for " +
		"both ends of the connection.",
	Points:   []servers.Point{{Conns: 10_000}, {Conns: 100_000}},
	start:    servers.Echo,
	own:      echoes,
	measure:  measureMemory,
	Compared: []string{"memory", "kernel"},
}

func openPoints(conns, loads []int) []servers.Point {
	var points []servers.Point
	for _, n := range conns {
		for _, load := range loads {
			points = append(points, servers.Point{Conns: n, Size: 64, Load: load})
		}
	}
	return points
}

// crossed returns a point for every number of connections with every size.
func crossed(conns, sizes []int) []servers.Point {
	var points []servers.Point
	for _, size := range sizes {
		for _, n := range conns {
			points = append(points, servers.Point{Conns: n, Size: size})
		}
	}
	return points
}
