//go:build linux

package dns

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dead is an address at which nobody answers: UDP and TCP are refused.
const dead = "127.0.0.3:53"

// detours are Dial functions of a Resolver that do something else than to dial as asked.
var detours = map[string]func(dialFunc) dialFunc{
	"fails": func(dialFunc) dialFunc {
		return func(context.Context, string, string) (net.Conn, error) { return nil, errPlanned }
	},
	"fails for the first server": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "127.0.0.1:53" {
				return nil, errPlanned
			}
			return dial(ctx, network, address)
		}
	},
	"first server dead": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "127.0.0.1:53" {
				address = dead
			}
			return dial(ctx, network, address)
		}
	},
	"all servers dead": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, dead) }
	},
	"TCP dead": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			if network == "tcp" {
				address = dead
			}
			return dial(ctx, network, address)
		}
	},
	"TCP only": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }
	},
	"UDP only": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, "udp", address) }
	},
	"closed already": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err == nil {
				c.Close()
			}
			return c, err
		}
	},
	"past deadline": func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithDeadline(ctx, time.Unix(1, 0))
			defer cancel()
			return dial(ctx, network, address)
		}
	},
}

// If this fails, a Dial that goes its own way, or a server that refuses, gives a lookup
// another result or error over our connections than over package net's.
func TestDetours(t *testing.T) {
	if !alone(t) {
		return
	}
	j := serve(t)
	for name, detour := range detours {
		for _, tt := range []lookupTest{
			{lookup: lookupTXT, host: "text.test."},
			{lookup: lookupHost, host: "host.test."},
			{lookup: lookupTXT, host: "big.test."},
			{lookup: lookupTXT, host: "cut.text.test."},
		} {
			t.Run(name+"/"+tt.lookup.name+" "+tt.host, func(t *testing.T) {
				compare(t, func(s side) string {
					got, err := tt.do(background, s.resolver(detour), tt.host)
					return fmt.Sprintf("%+v\n%s%s", got, describe(err), strings.Join(j.take(""), "\n"))
				})
			})
		}
	}
}

// If this fails, a lookup is not ended by its context while our connection waits for an
// answer, or with another error.
func TestLookupIsGivenUp(t *testing.T) {
	if !alone(t) {
		return
	}
	serve(t)
	const soon = 20 * time.Millisecond
	for _, l := range []lookup{lookupHost, lookupTXT} {
		t.Run(l.name+", canceled", func(t *testing.T) {
			t.Parallel()
			compare(t, func(s side) string {
				ctx, cancel := context.WithCancel(background)
				time.AfterFunc(soon, cancel)
				_, err := l.do(ctx, s.resolver(nil), "silent2.text.test.")
				return describe(err)
			})
		})
		t.Run(l.name+", deadline", func(t *testing.T) {
			t.Parallel()
			compare(t, func(s side) string {
				ctx, cancel := context.WithTimeout(background, soon)
				defer cancel()
				_, err := l.do(ctx, s.resolver(nil), "silent2.text.test.")
				var dns *net.DNSError
				require.ErrorAs(s, err, &dns)
				require.True(s, dns.IsTimeout)
				return describe(err)
			})
		})
	}
}

// If this fails, StrictErrors is not heeded: with it a lookup fails when one of the two
// questions does, without it not.
func TestStrictErrors(t *testing.T) {
	if !alone(t) {
		return
	}
	serve(t)
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprintf("strict %t", strict), func(t *testing.T) {
			compare(t, func(s side) string {
				r := s.resolver(nil)
				r.StrictErrors = strict
				addrs, err := r.LookupHost(background, "half-fails.dual.test.")
				require.Equal(s, strict, err != nil)
				c, dialErr := s.dialer(net.Dialer{Resolver: r})(background, "udp", "half-fails.dual.test.:1")
				require.Equal(s, strict, dialErr != nil)
				if dialErr == nil {
					c.Close()
				}
				return fmt.Sprint(addrs, describe(err), describe(dialErr))
			})
		})
	}
}
