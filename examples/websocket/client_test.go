package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"
)

// limit is how long a test waits for what must come.
const limit = 20 * time.Second

// A served is a server of a test.
type served struct {
	*server
	name  string
	roots *x509.CertPool // nil without TLS
}

// eachServer runs f with each server, plain and over TLS.
func eachServer(t *testing.T, f func(t *testing.T, s served)) {
	for _, k := range kinds {
		for _, over := range []string{"plain", "TLS"} {
			t.Run(k.name+"/"+over, func(t *testing.T) {
				t.Parallel()
				s := served{name: k.name}
				var certificate *tls.Certificate
				var err error
				if over == "TLS" {
					certificate, err = newCertificate()
					require.NoError(t, err)
					leaf, err := x509.ParseCertificate(certificate.Certificate[0])
					require.NoError(t, err)
					s.roots = x509.NewCertPool()
					s.roots.AddCert(leaf)
				}
				s.server, err = k.start(certificate)
				require.NoError(t, err)
				defer s.stop()
				f(t, s)
			})
		}
	}
}

// A client is a connection of a test that is upgraded.
type client struct {
	net.Conn
	raw    net.Conn // below TLS
	r      *bufio.Reader
	rng    *rand.Rand
	server string // its name
}

// dialTest returns a client that decides with rng. Without rng it writes all in one piece.
func (s served) dialTest(t *testing.T, rng *rand.Rand) *client {
	t.Helper()
	raw, err := net.Dial("tcp", s.address)
	require.NoError(t, err)
	t.Cleanup(func() { raw.Close() })
	require.NoError(t, raw.SetDeadline(time.Now().Add(limit)))
	c := &client{raw: raw, Conn: &splitter{raw, rng}, rng: rng, server: s.name}
	if s.roots != nil {
		// Each Write makes one record, of 16 KiB at most.
		c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: s.roots, ServerName: "127.0.0.1", DynamicRecordSizingDisabled: true})
	}
	early, _, err := ws.Dialer{}.Upgrade(c.Conn, &url.URL{Scheme: "ws", Host: s.address, Path: "/"})
	require.NoError(t, err)
	require.Nil(t, early, "the server has sent something before a message")
	c.r = bufio.NewReader(c.Conn)
	return c
}

// A splitter splits what is written, at random places: also within TLS records and their headers.
type splitter struct {
	net.Conn
	rng *rand.Rand // nil to leave it whole
}

func (s *splitter) Write(p []byte) (n int, err error) {
	if s.rng == nil {
		return s.Conn.Write(p)
	}
	for piece := range pieces(s.rng, p) {
		m, err := s.Conn.Write(piece)
		n += m
		if err != nil {
			return n, err
		}
		if s.rng.IntN(3) == 0 {
			time.Sleep(200 * time.Microsecond) // the server reads the piece alone
		}
	}
	return n, nil
}

// pieces yields p in one piece, or in a few, of which some are very short.
func pieces(rng *rand.Rand, p []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for splits := rng.IntN(4); splits > 0 && len(p) > 1; splits-- {
			n := 1 + rng.IntN(len(p)-1)
			if rng.IntN(2) == 0 {
				n = min(n, 1+rng.IntN(8))
			}
			if !yield(p[:n]) {
				return
			}
			p = p[n:]
		}
		yield(p)
	}
}

// message returns a message at random: its opcode and content.
func message(rng *rand.Rand) ws.Frame {
	n := rng.IntN(200)
	switch rng.IntN(10) {
	case 0:
		n = 0
	case 1:
		n = rng.IntN(40_000)
	}
	content := make([]byte, n)
	for i := range content {
		content[i] = byte(rng.Uint32())
	}
	if rng.IntN(2) == 0 {
		return ws.NewBinaryFrame(content)
	}
	return ws.NewTextFrame([]byte(strings.ToValidUTF8(string(content), "é→𝄞"))) // of two, three and four bytes
}

// fragments returns the frames of a message, as bytes, with pings among them.
func fragments(t *testing.T, rng *rand.Rand, m ws.Frame) (stream []byte, pings [][]byte) {
	rest := m.Payload
	for opcode := m.Header.OpCode; ; opcode = ws.OpContinuation {
		n := len(rest)
		if rng.IntN(2) == 0 {
			n = rng.IntN(n + 1)
		}
		fin := n == len(rest) && rng.IntN(4) > 0 // or an empty fragment follows
		stream = append(stream, masked(t, ws.NewFrame(opcode, fin, rest[:n]))...)
		rest = rest[n:]
		if rng.IntN(3) == 0 {
			ping := []byte(strings.Repeat("ping ", 25)[:rng.IntN(126)])
			if len(ping) >= 8 {
				binary.BigEndian.PutUint64(ping, rng.Uint64())
			}
			pings = append(pings, ping)
			stream = append(stream, masked(t, ws.NewPingFrame(ping))...)
		}
		if fin {
			return stream, pings
		}
	}
}

// masked returns a client's frame. It leaves f as it is.
func masked(t *testing.T, f ws.Frame) []byte {
	t.Helper()
	b, err := ws.CompileFrame(ws.MaskFrame(f))
	require.NoError(t, err)
	return b
}
