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
	Reset = 1 << 17 // the connection is broken, which one read or write tells
	Hup   = 1 << 18 // nothing can be written any more
	Pri   = 1 << 19

	Aborted  = 1 << 20 // of a listener: the first connection in the queue
	blocking = 1 << 21 // O_NONBLOCK is cleared
)

// The word of the room to write: bytes, whether a write found that there is none, and whether
// the socket is not connected yet.
const (
	outBytes    = 1<<16 - 1
	noSpace     = 1 << 16
	unconnected = 1 << 17
)

// A Kind says when a socket reports room to write.
type Kind uint8

const (
	TCP     Kind = iota // after a write found none, once there is much
	Packets             // whenever a packet has left
)

// A socket is a connection, or a listener: then what there is to read are connections, in the
// place of bytes. The peer is the scenario.
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

// Unconnected returns a new socket, to be connected. Until then it reports a hang-up.
func (m *Machine) Unconnected(room int) (fd int) {
	fd = m.Socket(TCP, room)
	s := m.objects[fd].(*socket)
	s.in.Update(func(uint64) uint64 { return Hup })
	s.out.Update(func(uint64) uint64 { return unconnected })
	return fd
}

// connect begins to connect, or tells what came of it.
func (s *socket) connect() error {
	unused := func(in uint64) bool { return in&(Hup|EOF) == Hup }
	was := s.in.Update(func(v uint64) uint64 {
		if unused(v) {
			return v &^ Hup
		}
		return v
	})
	check(was, "connect")
	if unused(was) {
		machine.AtConnect.call()
		return syscall.EINPROGRESS
	}
	if errno := s.takeError(); errno != 0 {
		return errno
	}
	if s.out.Load()&unconnected != 0 {
		return syscall.EALREADY
	}
	return nil
}

// Answer is what the peer does once the connection is being made: it takes it.
func (m *Machine) Answer(fd int) {
	s := m.objects[fd].(*socket)
	s.out.Update(func(v uint64) uint64 { return v&closed | uint64(s.capacity) })
	report(s.place, false) // of a new state, whatever they want to know
}

// Refuse is what the peer does instead.
func (m *Machine) Refuse(fd int) { m.Arrive(fd, 0, Reset) }

// accept takes a connection from the queue.
func (s *socket) accept(c Calls) error {
	was := s.in.Update(func(v uint64) uint64 {
		if v&Aborted != 0 {
			return v &^ Aborted
		}
		return v - min(v&inBytes, 1)
	})
	check(was, "accept")
	if was&blocking != 0 && c != OrdinaryCalls {
		panic("accept4 is a raw call, and may block")
	}
	switch {
	case was&Aborted != 0:
		return syscall.ECONNABORTED
	case was&inBytes > 0:
		return nil
	}
	return syscall.EAGAIN
}

// takeError takes the error that the socket holds, which only one who asks is told of.
func (s *socket) takeError() syscall.Errno {
	was := s.in.Update(func(v uint64) uint64 { return v &^ Reset })
	check(was, "getsockopt")
	switch {
	case was&Reset == 0:
		return 0
	case s.out.Load()&unconnected != 0:
		return syscall.ECONNREFUSED
	}
	return syscall.ECONNRESET
}

func showIn(v uint64) string {
	s := fmt.Sprint(v & inBytes)
	for i, name := range []string{"eof", "reset", "hup", "pri", "aborted"} {
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
	if v&unconnected != 0 {
		s += "+unconnected"
	}
	return s + showClosed(v)
}

func showClosed(v uint64) string {
	if v&closed != 0 {
		return " closed"
	}
	return ""
}

// Arrive is what the peer does: so many bytes, and facts, come in. A broken socket has ended,
// and hung up, too.
func (m *Machine) Arrive(fd, bytes int, facts uint64) {
	if facts&Reset != 0 {
		facts |= EOF | Hup
	}
	s := m.objects[fd].(*socket)
	s.in.Update(func(v uint64) uint64 { return v + uint64(bytes) | facts })
	report(s.place, false)
}

// Drain is what the peer does: it takes so many bytes.
func (m *Machine) Drain(fd, bytes int) {
	s := m.objects[fd].(*socket)
	drained := func(v uint64) uint64 {
		if v += uint64(bytes); s.roomy(v) {
			v &^= noSpace
		}
		return v
	}
	was := s.out.Update(drained)
	if s.kind == Packets || (was&^drained(was))&noSpace != 0 {
		report(s.place, true)
	}
}

// roomy reports whether there is so much room that it is reported: some, and of a stream a
// third of all.
func (s *socket) roomy(out uint64) bool {
	room := out & outBytes
	return room > 0 && (s.kind == Packets || 3*room+1 >= uint64(s.capacity))
}

// poll is poll(2), for some events. errored says that there is an error.
func (s *socket) poll(asked uint32) (is, errored bool) {
	in := s.in.Load()
	check(in, "poll")
	got := s.eventsOf(in, asked&unix.EPOLLOUT != 0)
	return got&(asked|unix.EPOLLHUP) != 0, got&unix.EPOLLERR != 0
}

// events is what epoll reports. room says whether it is asked for room.
func (s *socket) events(room bool) uint32 { return s.eventsOf(s.in.Load(), room) }

func (s *socket) eventsOf(in uint64, room bool) (events uint32) {
	for _, e := range [...]struct {
		fact   uint64
		events uint32
	}{
		{inBytes | EOF | Hup | Aborted, unix.EPOLLIN},
		{EOF, unix.EPOLLRDHUP},
		{Hup, unix.EPOLLHUP},
		{Reset, unix.EPOLLERR},
		{Pri, unix.EPOLLPRI},
	} {
		if in&e.fact != 0 {
			events |= e.events
		}
	}
	if room && (in&Hup != 0 || s.writable()) {
		events |= unix.EPOLLOUT
	}
	return events
}

// writable reports whether there is room. If there is none, it will be reported.
func (s *socket) writable() bool {
	return s.roomy(s.out.Update(func(v uint64) uint64 {
		if !s.roomy(v) {
			return v | noSpace
		}
		return v
	}))
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

// put takes up to n bytes from the writer, or tells the error.
func (s *socket) put(n int) (int, error) {
	switch in := s.in.Update(func(v uint64) uint64 { return v &^ Reset }); {
	case in&Reset != 0:
		return 0, syscall.ECONNRESET
	case in&Hup != 0:
		return 0, syscall.EPIPE
	}
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
