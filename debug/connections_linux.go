package debug

import (
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/trace"
)

func now() int64 { return clock.Now() }

// connections returns a row for each open descriptor, without addresses, and whether it is known
// since when its sides are in their states.
func (h *handler) connections() (rows []*connection, tracing bool) {
	past := recorded()
	at := now()
	rows = []*connection{}
	h.group.Looks(func(reactor int, l polldesc.Look) bool {
		c := &connection{Reactor: reactor, Slot: l.Slot, Gen: l.Gen, FD: l.FD, Facts: l.Facts}
		for m, s := range []*side{&c.Read, &c.Write} {
			look := l.Sides[m]
			s.State, s.Place = look.State, look.Place
			if look.Due != 0 {
				s.Due = look.Due - at
			}
			s.Since = past.since(c, m)
		}
		rows = append(rows, c)
		return true
	})
	return rows, past != nil
}

// A sideOf names one side of a connection.
type sideOf struct {
	id   id
	mode int
}

// A history is what a trace knows of the past. It is nil if there is no trace.
type history struct {
	elapsed time.Duration // since the trace began
	from    time.Duration // since the trace began: it has all events from then on
	last    map[sideOf]time.Duration
}

func recorded() *history {
	t := trace.Running()
	if t == nil {
		return nil
	}
	s := t.Snapshot()
	h := &history{elapsed: time.Since(s.Start), from: complete(s), last: map[sideOf]time.Duration{}}
	for i := range s.Events {
		if e := &s.Events[i]; e.IsTransition() {
			mode := 0
			if e.Side == "write" {
				mode = 1
			}
			h.last[sideOf{idOf(e), mode}] = e.At
		}
	}
	return h
}

// since returns what side.Since has: for how long a side is in its state, negative if it is so at
// least for as long as the trace reaches back.
func (h *history) since(c *connection, mode int) int64 {
	if h == nil {
		return 0
	}
	if at, known := h.last[sideOf{c.id(), mode}]; known {
		return int64(h.elapsed - at)
	}
	return int64(h.from - h.elapsed)
}

// confirm takes the addresses out of rows whose connections are not open any more: the number that
// the kernel was asked about may have been that of another file.
func (h *handler) confirm(rows []*connection) {
	closed := map[id]*connection{}
	for _, c := range rows {
		closed[c.id()] = c
	}
	h.group.Looks(func(reactor int, l polldesc.Look) bool {
		delete(closed, id{reactor, l.Slot, l.Gen})
		return len(closed) > 0
	})
	for _, c := range closed {
		c.Kind, c.Local, c.Remote = "closed", "", ""
	}
}

// address asks the kernel for the addresses of a connection, and for what kind it is, unless it
// was asked before. The descriptor may be closed meanwhile: see confirm.
func address(c *connection) {
	if c.Kind != "" {
		return
	}
	c.Kind = "?"
	local, err := unix.Getsockname(c.FD)
	if err != nil {
		return
	}
	kind, _ := unix.GetsockoptInt(c.FD, unix.SOL_SOCKET, unix.SO_TYPE)
	listens, _ := unix.GetsockoptInt(c.FD, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	c.Kind, c.Local = network(local, kind), name(local)
	if listens != 0 {
		c.Kind += " listener"
	}
	if remote, err := unix.Getpeername(c.FD); err == nil {
		c.Remote = name(remote)
	}
}

// network names the network of a socket.
func network(a unix.Sockaddr, kind int) string {
	if _, ok := a.(*unix.SockaddrUnix); ok {
		return map[int]string{unix.SOCK_STREAM: "unix", unix.SOCK_DGRAM: "unixgram", unix.SOCK_SEQPACKET: "unixpacket"}[kind]
	}
	return map[int]string{unix.SOCK_STREAM: "tcp", unix.SOCK_DGRAM: "udp", unix.SOCK_RAW: "ip"}[kind]
}

// name writes an address.
func name(a unix.Sockaddr) string {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		if ifi, err := net.InterfaceByIndex(int(a.ZoneId)); err == nil {
			ip = ip.WithZone(ifi.Name)
		}
		return netip.AddrPortFrom(ip, uint16(a.Port)).String()
	case *unix.SockaddrUnix:
		return a.Name
	}
	return ""
}
