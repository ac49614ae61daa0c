package dialer

import (
	"context"
	"net"
	"net/http/httptrace"
)

// traced calls the context's ConnectStart hook of httptrace. done calls ConnectDone with the
// result.
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

// withoutConnectHooks returns ctx without the ConnectStart and ConnectDone hooks, and with the
// DNS hooks. As in package net, the connections that the resolver makes are not traced.
// Package httptrace can add hooks to a context but not remove them, so the context returned
// looks them up in another context first.
func withoutConnectHooks(ctx context.Context) context.Context {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return ctx
	}
	dns := &httptrace.ClientTrace{DNSStart: trace.DNSStart, DNSDone: trace.DNSDone}
	if dns.DNSStart == nil {
		dns.DNSStart = func(httptrace.DNSStartInfo) {} // httptrace ignores a trace without hooks
	}
	return shadow{ctx, httptrace.WithClientTrace(context.Background(), dns)}
}

// A shadow is a context that looks up its values in another context first.
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
