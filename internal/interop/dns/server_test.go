//go:build linux

package dns

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// zone is what the name servers know.
var zone = records(`
	test.                    60 IN NS    ns.test.
	host.test.               60 IN A     127.0.2.1
	host.test.               60 IN A     127.0.2.2
	host.test.               60 IN AAAA  ::1
	four.test.               60 IN A     127.0.2.1
	alias.test.              60 IN CNAME host.test.
	text.test.               60 IN TXT   "one" "and one"
	text.test.               60 IN TXT   "two"
	mail.test.               60 IN MX    20 four.test.
	mail.test.               60 IN MX    10 host.test.
	_sip._tcp.test.          60 IN SRV   2 0 5061 four.test.
	_sip._tcp.test.          60 IN SRV   1 0 5060 host.test.
	1.2.0.192.in-addr.arpa.  60 IN PTR   host.test.
	1.2.0.192.in-addr.arpa.  60 IN PTR   four.test.
	1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR host.test.
	one.test.                60 IN A     127.0.1.1
	several.test.            60 IN A     127.0.1.1
	several.test.            60 IN A     127.0.1.2
	several.test.            60 IN A     127.0.1.3
	dual.test.               60 IN A     127.0.0.1
	dual.test.               60 IN AAAA  ::1
`)

func records(text string) (zone map[dns.Question][]dns.RR) {
	zone = make(map[dns.Question][]dns.RR)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		rr, err := dns.NewRR(strings.TrimSpace(line))
		if err != nil {
			panic(err)
		}
		h := rr.Header()
		q := dns.Question{Name: h.Name, Qtype: h.Rrtype, Qclass: h.Class}
		zone[q] = append(zone[q], rr)
	}
	return zone
}

// big.test. has more text than fits into a datagram.
func init() {
	q := dns.Question{Name: "big.test.", Qtype: dns.TypeTXT, Qclass: dns.ClassINET}
	for i := range 40 {
		zone[q] = append(zone[q], &dns.TXT{
			Hdr: dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: q.Qclass, Ttl: 60},
			Txt: []string{strings.Repeat(string(rune('a'+i%26)), 100)},
		})
	}
}

// An answer is how a server answers.
type answer int

const (
	truthful answer = iota
	silent
	fails       // SERVFAIL
	refuses     // REFUSED
	unknown     // NXDOMAIN
	lame        // knows nobody who would know
	cut         // TC on UDP, the truth on TCP
	cutAndClose // TC on UDP, and TCP is closed without an answer
	cutAndHush  // TC on UDP, and TCP stays silent
	noisy       // datagrams that are no answer come first
	halfFails   // AAAA fails, A is true
)

// moods are how the two servers answer for names that the zone does not have under this
// name: what comes after the first dot is looked up instead.
var moods = map[string][2]answer{
	"silent1":      {silent, truthful},
	"silent2":      {silent, silent},
	"fails1":       {fails, truthful},
	"fails2":       {fails, fails},
	"refuses1":     {refuses, truthful},
	"refuses2":     {refuses, refuses},
	"unknown1":     {unknown, truthful},
	"lame1":        {lame, truthful},
	"lame2":        {lame, lame},
	"cut":          {cut, cut},
	"cut-close1":   {cutAndClose, truthful},
	"cut-close2":   {cutAndClose, cutAndClose},
	"cut-hush1":    {cutAndHush, truthful},
	"noisy":        {noisy, noisy},
	"half-fails":   {halfFails, halfFails},
	"silent-fails": {silent, fails},
}

// A journal notes what the servers are asked: server, network, type and name.
type journal struct {
	mu    sync.Mutex
	asked []string
}

func (j *journal) note(server int, network string, q dns.Question) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked = append(j.asked, fmt.Sprintf("%s %d %s %s", q.Name, server, network, dns.TypeToString[q.Qtype]))
}

// take returns what was noted that begins with prefix, sorted, and forgets it.
func (j *journal) take(prefix string) (asked []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	rest := j.asked[:0:0]
	for _, line := range j.asked {
		if strings.HasPrefix(line, prefix) {
			asked = append(asked, line)
		} else {
			rest = append(rest, line)
		}
	}
	j.asked = rest
	slices.Sort(asked)
	return asked
}

// serve starts the two name servers of resolvConf, on UDP and on TCP. They are on
// package net.
func serve(t *testing.T) *journal {
	t.Helper()
	j := new(journal)
	for i, address := range []string{"127.0.0.1:53", "127.0.0.2:53"} {
		p, err := net.ListenPacket("udp", address)
		require.NoError(t, err)
		l, err := net.Listen("tcp", address)
		require.NoError(t, err)
		for _, s := range []*dns.Server{{PacketConn: p}, {Listener: l}} {
			s.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) { j.handle(i, w, q) })
			var up sync.WaitGroup
			up.Add(1)
			s.NotifyStartedFunc = up.Done
			go s.ActivateAndServe()
			up.Wait()
			t.Cleanup(func() { s.Shutdown() })
		}
	}
	return j
}

// handle answers one query, in the server's mood for that name.
func (j *journal) handle(server int, w dns.ResponseWriter, q *dns.Msg) {
	network := w.LocalAddr().Network()
	question := q.Question[0]
	j.note(server+1, network, question)
	mood := truthful
	if first, rest, _ := strings.Cut(question.Name, "."); moods[first] != [2]answer{} {
		mood, question.Name = moods[first][server], rest
	}
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	switch {
	case mood == silent, mood == cutAndHush && network == "tcp":
		return
	case mood == cutAndClose && network == "tcp":
		w.Close()
		return
	case mood == fails, mood == halfFails && question.Qtype == dns.TypeAAAA:
		m.Rcode = dns.RcodeServerFailure
	case mood == refuses:
		m.Rcode = dns.RcodeRefused
	case mood == unknown:
		m.Rcode = dns.RcodeNameError
	case mood == lame:
		m.RecursionAvailable = false
	case mood >= cut && mood <= cutAndHush && network == "udp":
		m.Truncated = true
	default:
		m.Answer, m.Rcode = find(question, q.Question[0].Name)
		if mood == noisy {
			w.Write([]byte("no message"))
			other := m.Copy()
			other.Id++
			w.WriteMsg(other)
		}
	}
	if network == "udp" {
		m.Truncate(1232)
	}
	w.WriteMsg(m)
}

// find returns the records for a question, under the name that was asked for.
func find(q dns.Question, name string) (found []dns.RR, rcode int) {
	rcode = dns.RcodeNameError
	for known := range zone {
		if known.Name == q.Name {
			rcode = dns.RcodeSuccess
		}
	}
	for _, rr := range zone[q] {
		rr = dns.Copy(rr)
		rr.Header().Name = name
		found = append(found, rr)
	}
	alias := zone[dns.Question{Name: q.Name, Qtype: dns.TypeCNAME, Qclass: q.Qclass}]
	if len(alias) > 0 && q.Qtype != dns.TypeCNAME {
		target := alias[0].(*dns.CNAME).Target
		more, _ := find(dns.Question{Name: target, Qtype: q.Qtype, Qclass: q.Qclass}, target)
		cname := dns.Copy(alias[0])
		cname.Header().Name = name
		found = append(append(found, cname), more...)
	}
	return found, rcode
}
