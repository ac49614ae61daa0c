package dialer

import (
	"context"
	"net"
	"reflect"
	"sync"
)

// A context holds the hooks of net/http/httptrace under a key, and as a type, that are internal
// to the standard library. Package httptrace knows both, but it imports crypto/tls, which
// a program may not need and which uses package net. So the key is learned from net.Dialer, which
// looks for the hooks itself, and the type from the value. If a version of Go changes them, no
// hooks are found.

// traceKey returns the key, or nil.
var traceKey = sync.OnceValue(func() any {
	var keys keyRecorder
	keys.Context = context.Background()
	_, _ = new(net.Dialer).DialContext(&keys, "none", "") // which fails after it has looked
	return keys.trace
})

// A keyRecorder is a context that remembers the key of a trace that it is asked for.
type keyRecorder struct {
	context.Context
	trace any
}

func (r *keyRecorder) Value(key any) any {
	if reflect.TypeOf(key).Name() == "TraceKey" {
		r.trace = key
	}
	return r.Context.Value(key)
}

// hooksOf returns the struct with the hooks of a context, or the zero Value.
func hooksOf(ctx context.Context) (hooks reflect.Value) {
	key := traceKey()
	if key == nil {
		return hooks
	}
	if hooks = reflect.Indirect(reflect.ValueOf(ctx.Value(key))); hooks.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return hooks
}

// hook returns the hook with a name, or nil.
func hook[F any](hooks reflect.Value, name string) (f F) {
	if hooks.IsValid() {
		if field := hooks.FieldByName(name); field.IsValid() {
			f, _ = field.Interface().(F)
		}
	}
	return f
}

// traced calls the context's ConnectStart hook of httptrace. done calls ConnectDone with the
// result.
func traced(ctx context.Context, network string, ra net.Addr) (done func(error)) {
	hooks := hooksOf(ctx)
	start := hook[func(network, addr string)](hooks, "ConnectStart")
	end := hook[func(network, addr string, err error)](hooks, "ConnectDone")
	if start != nil {
		start(network, ra.String())
	}
	if end == nil {
		return func(error) {}
	}
	return func(err error) { end(network, ra.String(), err) }
}

// withoutConnectHooks returns ctx without the ConnectStart and ConnectDone hooks, and with the
// DNS hooks. As in package net, the connections that the resolver makes are not traced.
func withoutConnectHooks(ctx context.Context) context.Context {
	hooks := hooksOf(ctx)
	if !hooks.IsValid() {
		return ctx
	}
	others := reflect.New(hooks.Type())
	others.Elem().Set(hooks)
	for _, name := range []string{"ConnectStart", "ConnectDone"} {
		if field := others.Elem().FieldByName(name); field.IsValid() {
			field.SetZero()
		}
	}
	return context.WithValue(ctx, traceKey(), others.Interface())
}
