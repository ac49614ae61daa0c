//go:build linux

package dns

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A lookup asks for something of a name.
type lookup struct {
	name string
	do   func(ctx context.Context, r *net.Resolver, name string) (any, error)
}

var (
	lookupHost   = lookup{"LookupHost", func(ctx context.Context, r *net.Resolver, name string) (any, error) { return r.LookupHost(ctx, name) }}
	lookupIPAddr = lookup{"LookupIPAddr", func(ctx context.Context, r *net.Resolver, name string) (any, error) { return r.LookupIPAddr(ctx, name) }}
	lookupIP4    = lookup{"LookupIP ip4", func(ctx context.Context, r *net.Resolver, name string) (any, error) {
		return r.LookupIP(ctx, "ip4", name)
	}}
	lookupIP6 = lookup{"LookupIP ip6", func(ctx context.Context, r *net.Resolver, name string) (any, error) {
		return r.LookupIP(ctx, "ip6", name)
	}}
	lookupNetIP = lookup{"LookupNetIP", func(ctx context.Context, r *net.Resolver, name string) (any, error) {
		return r.LookupNetIP(ctx, "ip", name)
	}}
	lookupCNAME = lookup{"LookupCNAME", func(ctx context.Context, r *net.Resolver, name string) (any, error) { return r.LookupCNAME(ctx, name) }}
	lookupTXT   = lookup{"LookupTXT", func(ctx context.Context, r *net.Resolver, name string) (any, error) { return r.LookupTXT(ctx, name) }}
	lookupAddr  = lookup{"LookupAddr", func(ctx context.Context, r *net.Resolver, name string) (any, error) { return r.LookupAddr(ctx, name) }}
	lookupMX    = lookup{"LookupMX", func(ctx context.Context, r *net.Resolver, name string) (any, error) {
		mxs, err := r.LookupMX(ctx, name)
		return deref(mxs), err
	}}
	lookupNS = lookup{"LookupNS", func(ctx context.Context, r *net.Resolver, name string) (any, error) {
		nss, err := r.LookupNS(ctx, name)
		return deref(nss), err
	}}
	lookupSRV = lookup{"LookupSRV", func(ctx context.Context, r *net.Resolver, name string) (any, error) {
		cname, srvs, err := r.LookupSRV(ctx, "sip", "tcp", name)
		return fmt.Sprint(cname, deref(srvs)), err
	}}
)

func deref[T any](list []*T) (values []T) {
	for _, v := range list {
		values = append(values, *v)
	}
	return values
}

// A lookupTest is a lookup, and what is in its result or in the error's text.
type lookupTest struct {
	lookup
	host, want string
}

// run compares the lookup, its error, and what was asked that begins with asked.
func (tt lookupTest) run(t *testing.T, j *journal, asked string) {
	compare(t, func(s side) string {
		got, err := tt.do(background, s.resolver(nil), tt.host)
		text := fmt.Sprintf("%+v\n%s", got, describe(err))
		require.Contains(s, text, tt.want)
		if s.group != nil {
			require.NotZero(s, s.group.Stats().TimersArmed, "what asks is ours, with a deadline")
		}
		return text + strings.Join(j.take(asked), "\n")
	})
}

// If this fails, a name server's records, or its failures, come out of a lookup over our
// connections otherwise than over package net's, or other questions are asked for them.
func TestLookups(t *testing.T) {
	if !alone(t) {
		return
	}
	j := serve(t)
	tests := []lookupTest{
		{lookupHost, "host.test.", "127.0.2.2"},
		{lookupIPAddr, "host.test.", "::1"},
		{lookupIP4, "host.test.", "127.0.2.1 127.0.2.2"},
		{lookupIP6, "host.test.", "::1"},
		{lookupIP6, "four.test.", "no such host"},
		{lookupNetIP, "host.test.", "::1"},
		{lookupNetIP, "alias.test.", "127.0.2.1"},
		{lookupCNAME, "alias.test.", "host.test."},
		{lookupTXT, "text.test.", "oneand one two"},
		{lookupMX, "mail.test.", "{Host:host.test. Pref:10} {Host:four.test. Pref:20}"},
		{lookupNS, "test.", "ns.test."},
		{lookupSRV, "test.", "_sip._tcp.test.[{host.test. 5060 1 0} {four.test. 5061 2 0}]"},
		{lookupAddr, "192.0.2.1", "four.test."},
		{lookupAddr, "2001:db8::1", "host.test."},
		{lookupAddr, "192.0.2.9", "no such host"},
		{lookupHost, "nobody.test.", "no such host"},
		{lookupTXT, "nobody.test.", "no such host"},
		{lookupHost, "text.test.", "no such host"},
		{lookupTXT, "big.test.", strings.Repeat("z", 100)},
		{lookupTXT, "cut.text.test.", "two"},
		{lookupTXT, "noisy.text.test.", "two"},
		{lookupHost, "noisy.host.test.", "127.0.2.2"},
		{lookupTXT, "fails1.text.test.", "two"},
		{lookupTXT, "fails2.text.test.", "server misbehaving"},
		{lookupHost, "fails2.host.test.", "server misbehaving"},
		{lookupTXT, "refuses1.text.test.", "two"},
		{lookupTXT, "refuses2.text.test.", "server misbehaving"},
		{lookupTXT, "unknown1.text.test.", "no such host"},
		{lookupTXT, "lame1.text.test.", "two"},
		{lookupTXT, "lame2.text.test.", "lame referral"},
		{lookupTXT, "cut-close1.text.test.", "two"},
		{lookupTXT, "cut-close2.text.test.", "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.lookup.name+" "+tt.host, func(t *testing.T) { tt.run(t, j, "") })
	}
}

// If this fails, a name server that does not answer is not given up over our connections
// after the time, for the error and in favor of the server that it is over package
// net's.
func TestLookupsThatWait(t *testing.T) {
	if !alone(t) {
		return
	}
	j := serve(t)
	tests := []lookupTest{
		{lookupTXT, "silent1.text.test.", "two"},
		{lookupHost, "silent1.host.test.", "127.0.2.2"},
		{lookupTXT, "silent2.text.test.", "127.0.0.2:53: i/o timeout"},
		{lookupHost, "silent2.host.test.", "i/o timeout"},
		{lookupTXT, "silent-fails.text.test.", "server misbehaving"},
		{lookupTXT, "cut-hush1.text.test.", "two"},
	}
	for _, tt := range tests {
		t.Run(tt.lookup.name+" "+tt.host, func(t *testing.T) {
			t.Parallel()
			tt.run(t, j, tt.host+" ")
		})
	}
}
