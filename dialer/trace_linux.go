package dialer

import (
	"context"
	"net"
	"net/http/httptrace"
)

// traced tells the context's httptrace hooks that an address is being connected to, and
// returns what tells them how it went.
func traced(ctx context.Context, network string, ra net.Addr) (done func(error)) {
	done = func(error) {}
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return done
	}
	address := ra.String()
	if trace.ConnectStart != nil {
		trace.ConnectStart(network, address)
	}
	if trace.ConnectDone != nil {
		done = func(err error) { trace.ConnectDone(network, address, err) }
	}
	return done
}

// withoutConnectHooks returns ctx with no ConnectStart and ConnectDone hooks, which are
// not meant for the connections that resolving a name may need; the DNS hooks stay.
// Hooks can be added to a context but not taken away, so this one looks them up in
// another first.
func withoutConnectHooks(ctx context.Context) context.Context {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return ctx
	}
	dns := &httptrace.ClientTrace{DNSStart: trace.DNSStart, DNSDone: trace.DNSDone}
	if dns.DNSStart == nil {
		dns.DNSStart = func(httptrace.DNSStartInfo) {} // a trace without hooks hides nothing
	}
	return shadow{ctx, httptrace.WithClientTrace(context.Background(), dns)}
}

// A shadow is a context whose values are looked up in values first.
type shadow struct {
	context.Context
	values context.Context
}

func (s shadow) Value(key any) any {
	if v := s.values.Value(key); v != nil {
		return v
	}
	return s.Context.Value(key)
}
