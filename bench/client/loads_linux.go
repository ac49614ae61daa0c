package client

import (
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// Echo expects back what it sends, in a closed loop.
func Echo(srv *process.Server, p servers.Point) (Loader, error) {
	return newClient(srv.Hello.Addr, p.Conns, echoDialogue(p.Size))
}

// Patient is Echo with a millisecond of silence before each request.
func Patient(srv *process.Server, p servers.Point) (Loader, error) {
	c, err := newClient(srv.Hello.Addr, p.Conns, echoDialogue(p.Size))
	return patient{c}, err
}

// Burning is Echo with some connections that ask servers.BurnEcho to burn.
func Burning(srv *process.Server, p servers.Point) (Loader, error) {
	c, err := newClient(srv.Hello.Addr, p.Conns, echoDialogue(max(p.Size, 8)))
	if err != nil {
		return nil, err
	}
	for i := range p.Burners {
		c.conns[i].burns = true
		c.conns[i].seq |= servers.BurnBit
	}
	return c, nil
}

// HTTP is for servers.HTTP.
func HTTP(srv *process.Server, p servers.Point) (Loader, error) {
	return newClient(srv.Hello.Addr, p.Conns, httpDialogue(p.Size))
}

// TLS is Echo over crypto/tls.
func TLS(srv *process.Server, p servers.Point) (Loader, error) {
	return newTLSClient(srv.Hello.Addr, p)
}

// Datagrams is Echo over UDP.
func Datagrams(srv *process.Server, p servers.Point) (Loader, error) {
	talk := echoDialogue(p.Size)
	talk.network = "udp"
	return newClient(srv.Hello.Addr, p.Conns, talk)
}

// Churn makes connections and waits for the server to close them.
func Churn(srv *process.Server, p servers.Point) (Loader, error) {
	return churn{srv.Hello.Addr, p.Conns, emptyDialogue()}, nil
}

// OneShot is Echo with one request for each connection, which the server closes.
func OneShot(srv *process.Server, p servers.Point) (Loader, error) {
	return churn{srv.Hello.Addr, p.Conns, echoDialogue(p.Size)}, nil
}

// OneShotHTTP is for servers.HTTP, with HTTP/1.0.
func OneShotHTTP(srv *process.Server, p servers.Point) (Loader, error) {
	return churn{srv.Hello.Addr, p.Conns, oneShotHTTPDialogue(p.Size)}, nil
}

// OneShotHTTPS is OneShotHTTP over crypto/tls, for servers.HTTPS.
func OneShotHTTPS(srv *process.Server, p servers.Point) (Loader, error) {
	return tlsChurn{srv.Hello.Addr, p}, nil
}

// Stream asks for long answers, and throws them away unread.
func Stream(srv *process.Server, p servers.Point) (Loader, error) {
	return newClient(srv.Hello.Addr, p.Conns, streamDialogue())
}

// Sink accepts what a subject dials.
func Sink(srv *process.Server, _ servers.Point) (Loader, error) { return newSink(srv) }

// None is for a subject that needs nothing of this process.
func None(srv *process.Server, _ servers.Point) (Loader, error) { return selfLoad{srv: srv}, nil }
