package dialer_test

import (
	"context"
	"fmt"
	"net"
	"net/http/httptrace"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// trace returns hooks that note every call.
func (j *journal) trace(s *both.Side) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(i httptrace.DNSStartInfo) { j.note("DNSStart %s", i.Host) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			j.note("DNSDone %v coalesced=%t %v", i.Addrs, i.Coalesced, i.Err)
		},
		ConnectStart: func(network, addr string) { j.note("ConnectStart %s %s", network, addr) },
		ConnectDone: func(network, addr string, err error) {
			j.note("ConnectDone %s %s %s", network, addr, describe(s, err))
		},
	}
}

// The hooks of net/http/httptrace must be called as package net calls them: the same
// hooks, in the same order, with the same arguments.
func TestHTTPTrace(t *testing.T) {
	tests := []struct {
		name      string
		six, four answer
		network   string
		host      string
		dialer    net.Dialer
		calls     int // until the losers are done too
	}{
		{"literal", accepts, accepts, "tcp", "127.0.0.1", net.Dialer{}, 2},
		{"literal on tcp4", accepts, accepts, "tcp4", "127.0.0.1", net.Dialer{}, 2},
		{"refused", accepts, refuses, "tcp", "127.0.0.1", net.Dialer{}, 2},
		{"name", accepts, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: never}, 4},
		{"fallback", refuses, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: never}, 6},
		{"race", hangs, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: 20 * time.Millisecond}, 6},
		{"no race", refuses, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: -1}, 6},
		{"several refuse", accepts, refuses, "tcp4", "three.test.", net.Dialer{}, 8},
		{"no such name", accepts, accepts, "tcp", "none.test.", net.Dialer{}, 2},
		{"no such family", accepts, accepts, "tcp6", "four.test.", net.Dialer{}, 2},
		{"bad address", accepts, accepts, "tcp4", "::1", net.Dialer{}, 0},
		{"too late", accepts, accepts, "tcp", "127.0.0.1", net.Dialer{Timeout: -1}, 0},
		{"refused from", accepts, refuses, "tcp", "127.0.0.1", net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			port := host(t, tt.six, tt.four)
			tt.dialer.Resolver = nettest.NewDNS(t, names).Resolver(nil)
			same(t, func(s *both.Side) string {
				var j journal
				ctx := httptrace.WithClientTrace(background, j.trace(s))
				if c, err := s.Dial(ctx, tt.dialer, tt.network, at(tt.host, port)); err == nil {
					c.Close()
				}
				nettest.Eventually(s, "all hooks were called", func() bool { return j.len() >= tt.calls })
				return j.text()
			})
		})
	}
}

// The connections that resolving a name takes must not be reported as if the program
// had made them, whichever Dialer is used; the context's values must reach them.
func TestHTTPTraceOfResolver(t *testing.T) {
	port := host(t, accepts, accepts)
	server := nettest.NewDNS(t, names)
	type key struct{}
	kinds := map[string]func(hooks *httptrace.ClientTrace){
		"all hooks":          func(hooks *httptrace.ClientTrace) {},
		"DNS hooks only":     func(hooks *httptrace.ClientTrace) { hooks.ConnectStart, hooks.ConnectDone = nil, nil },
		"connect hooks only": func(hooks *httptrace.ClientTrace) { hooks.DNSStart, hooks.DNSDone = nil, nil },
		"no hooks":           func(hooks *httptrace.ClientTrace) { *hooks = httptrace.ClientTrace{} },
	}
	for kind, restrict := range kinds {
		for _, own := range []bool{true, false} { // dialed by the dialer's own package, or by net
			t.Run(fmt.Sprintf("%s/own %t", kind, own), func(t *testing.T) {
				same(t, func(s *both.Side) string {
					through := both.NewSide(s.T, s.Std || !own)
					resolver := server.Resolver(func(ctx context.Context, network, address string) (net.Conn, error) {
						assert.Equal(s, "value", ctx.Value(key{}))
						c, err := through.Dial(ctx, net.Dialer{}, "tcp", at("127.0.0.1", port)) // as if it asked over TCP
						if err != nil {
							return nil, err
						}
						c.Close()
						return through.Dial(ctx, net.Dialer{}, network, address)
					})
					var j journal
					hooks := j.trace(s)
					restrict(hooks)
					ctx := httptrace.WithClientTrace(context.WithValue(background, key{}, "value"), hooks)
					c, err := s.Dial(ctx, net.Dialer{Resolver: resolver, FallbackDelay: never}, "tcp", at("dual.test.", port))
					require.NoError(s, err)
					c.Close()
					return j.text()
				})
			})
		}
	}
}

// Control and ControlContext must be told what package net tells them, once for each
// attempt, and ControlContext must win.
func TestControl(t *testing.T) {
	port := host(t, accepts, accepts)
	type key struct{}
	for _, which := range []string{"Control", "ControlContext", "both"} {
		for _, address := range []string{"127.0.0.1", "::1", "", "0.0.0.0", "::", "::ffff:127.0.0.1", "::1%lo"} {
			for _, network := range []string{"tcp", "tcp4", "tcp6"} {
				t.Run(which+"/"+network+" "+address, func(t *testing.T) {
					same(t, func(s *both.Side) string {
						var j journal
						d := net.Dialer{Timeout: time.Minute}
						if which != "ControlContext" {
							d.Control = j.hook()
						}
						if which != "Control" {
							d.ControlContext = func(ctx context.Context, network, address string, _ syscall.RawConn) error {
								_, limited := ctx.Deadline()
								j.note("control %s %s %v %t", network, address, ctx.Value(key{}), limited)
								return nil
							}
						}
						c, err := s.Dial(context.WithValue(background, key{}, "value"), d, network, at(address, port))
						if err == nil {
							c.Close()
						}
						j.note("%t", err == nil)
						return j.text()
					})
				})
			}
		}
	}
}
