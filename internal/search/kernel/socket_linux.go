package kernel

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/search"
)

// The word of what there is to read: bytes, and facts.
const (
	inBytes = 1<<16 - 1

	EOF   = 1 << 16 // the peer has sent its last byte
	Reset = 1 << 17 // the connection is broken, which one read tells
	Hup   = 1 << 18
	Pri   = 1 << 19
)

// The word of the room to write: bytes, and whether somebody found that there is none.
const (
	outBytes = 1<<16 - 1
	noSpace  = 1 << 16
)

// A Kind says when a socket reports room to write.
type Kind uint8

const (
	TCP     Kind = iota // after somebody found none
	Packets             // whenever a packet has left
)

// A socket is a connection. The peer is the scenario.
type socket struct {
	place    int
	kind     Kind
	capacity int
	in, out  search.Var
}

// Socket returns a new connection, with room for so many bytes to write.
func (m *Machine) Socket(kind Kind, room int) (fd int) {
	s := &socket{place: m.place(), kind: kind, capacity: room}
	search.Name(&s.in, fmt.Sprintf("socket %d in", len(m.sockets)), showIn)
	search.Name(&s.out, fmt.Sprintf("socket %d out", len(m.sockets)), showOut)
	m.sockets = append(m.sockets, s)
	s.out.Update(func(uint64) uint64 { return uint64(room) })
	return m.number(s)
}

func showIn(v uint64) string {
	s := fmt.Sprint(v & inBytes)
	for i, name := range []string{"eof", "reset", "hup", "pri"} {
		if v&(EOF<<i) != 0 {
			s += "+" + name
		}
	}
	return s + showClosed(v)
}

func showOut(v uint64) string {
	s := fmt.Sprint(v & outBytes)
	if v&noSpace != 0 {
		s += "+nospace"
	}
	return s + showClosed(v)
}

func showClosed(v uint64) string {
	if v&closed != 0 {
		return " closed"
	}
	return ""
}

// Arrive is what the peer does: so many bytes, and facts, come in.
func (m *Machine) Arrive(fd, bytes int, facts uint64) {
	s := m.objects[fd].(*socket)
	s.in.Update(func(v uint64) uint64 { return v + uint64(bytes) | facts })
	report(s.place, false)
}

// Drain is what the peer does: it takes so many bytes.
func (m *Machine) Drain(fd, bytes int) {
	s := m.objects[fd].(*socket)
	was := s.out.Update(func(v uint64) uint64 { return v&^noSpace + uint64(bytes) })
	if s.kind == Packets || was&noSpace != 0 {
		report(s.place, true)
	}
}

// events is what poll(2) and epoll report. room says whether they are asked for room.
func (s *socket) events(room bool) (events uint32) {
	in := s.in.Load()
	for _, e := range [...]struct {
		fact   uint64
		events uint32
	}{
		{inBytes | EOF | Reset | Hup, unix.EPOLLIN},
		{EOF, unix.EPOLLRDHUP},
		{Reset | Hup, unix.EPOLLHUP},
		{Reset, unix.EPOLLERR},
		{Pri, unix.EPOLLPRI},
	} {
		if in&e.fact != 0 {
			events |= e.events
		}
	}
	if room && s.writable() {
		events |= unix.EPOLLOUT
	}
	return events
}

// writable reports whether there is room. If there is none, it will be reported.
func (s *socket) writable() bool {
	return s.out.Update(func(v uint64) uint64 {
		if v&outBytes == 0 {
			return v | noSpace
		}
		return v
	})&outBytes > 0
}

// take takes up to n bytes, or the error, or the end.
func (s *socket) take(n int) (int, error) {
	was := s.in.Update(func(v uint64) uint64 {
		if bytes := v & inBytes; bytes > 0 {
			return v - min(bytes, uint64(n))
		}
		return v &^ Reset
	})
	check(was, "read")
	switch {
	case was&inBytes > 0:
		return int(min(was&inBytes, uint64(n))), nil
	case was&Reset != 0:
		return 0, syscall.ECONNRESET
	case was&EOF != 0:
		return 0, nil
	}
	return 0, syscall.EAGAIN
}

// put takes up to n bytes from the writer.
func (s *socket) put(n int) (int, error) {
	was := s.out.Update(func(v uint64) uint64 {
		if room := v & outBytes; room < uint64(n) {
			return v - room | noSpace
		}
		return v - uint64(n)
	})
	check(was, "write")
	if was&outBytes == 0 && n > 0 {
		return 0, syscall.EAGAIN
	}
	return int(min(was&outBytes, uint64(n))), nil
}
