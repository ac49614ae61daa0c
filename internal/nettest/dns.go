package nettest

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// A DNS is a name server on the loopback interface that knows a few names.
type DNS struct {
	conn  net.PacketConn
	names map[string][]string

	mu    sync.Mutex
	asked []string
}

// Types of queries.
const (
	typeA    = 1
	typeAAAA = 28
)

// NewDNS starts a name server, which ends with the test. See ServeDNS.
func NewDNS(t testing.TB, names map[string][]string) *DNS {
	t.Helper()
	d, err := ServeDNS(names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// ServeDNS starts a name server that answers for names, which end in a dot, with their
// addresses. Others do not exist.
func ServeDNS(names map[string][]string) (*DNS, error) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &DNS{conn: c, names: names}
	go d.serve()
	return d, nil
}

// Close ends the name server.
func (d *DNS) Close() { d.conn.Close() }

// Addr returns where the name server listens.
func (d *DNS) Addr() string { return d.conn.LocalAddr().String() }

// Resolver returns a resolver that asks d through dial, or through package net's if
// that is nil.
func (d *DNS) Resolver(dial func(ctx context.Context, network, address string) (net.Conn, error)) *net.Resolver {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, "udp4", d.Addr())
		},
	}
}

// Asked returns what was asked for so far, such as "A name.", in order.
func (d *DNS) Asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

func (d *DNS) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := d.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		d.conn.WriteTo(d.answer(buf[:n]), from)
	}
}

// answer answers a query with one question, as RFC 1035 section 4 has it.
func (d *DNS) answer(query []byte) []byte {
	const header = 12
	name, end := "", header
	for query[end] != 0 {
		size := int(query[end])
		name += string(query[end+1:end+1+size]) + "."
		end += 1 + size
	}
	end++
	qtype := binary.BigEndian.Uint16(query[end:])
	end += 4
	addrs, known := d.names[strings.ToLower(name)]
	d.note(qtype, name)

	msg := append([]byte(nil), query[:end]...)
	binary.BigEndian.PutUint16(msg[2:], 0x8180) // an answer; recursion desired and available
	if !known {
		msg[3] |= 3 // name error
	}
	count := uint16(0)
	for _, a := range addrs {
		ip := netip.MustParseAddr(a)
		if (qtype == typeA) != ip.Is4() {
			continue
		}
		msg = append(msg, 0xc0, header) // the name is that of the question
		msg = binary.BigEndian.AppendUint16(msg, qtype)
		msg = binary.BigEndian.AppendUint16(msg, 1)  // IN
		msg = binary.BigEndian.AppendUint32(msg, 60) // seconds to live
		msg = binary.BigEndian.AppendUint16(msg, uint16(len(ip.AsSlice())))
		msg = append(msg, ip.AsSlice()...)
		count++
	}
	binary.BigEndian.PutUint16(msg[6:], count)
	binary.BigEndian.PutUint32(msg[8:], 0) // no other sections
	return msg
}

func (d *DNS) note(qtype uint16, name string) {
	kind := map[uint16]string{typeA: "A", typeAAAA: "AAAA"}[qtype]
	d.mu.Lock()
	d.asked = append(d.asked, kind+" "+name)
	d.mu.Unlock()
}
