package networks

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A wire is a network interface behind which this process is, with a network of two
// addresses, near and far. A packet that near sends to far comes back as sent by far to near. So a
// socket that dials far is connected to one that listens on near, and all that they say goes
// through the wire, whose fault may lose, double and delay it.
//
//	socket that dials far:7   -- near:50000 > far:7 -->  wire  -- far:50000 > near:7 -->  socket
//	from near:50000           <-- far:7 > near:50000 --  wire  <-- near:7 > far:50000 --  of near:7
type wire struct {
	tun int

	mu      sync.Mutex
	fault   fault
	last    map[ports]packet // that the sockets on near have sent
	awaited []awaited
}

// ports are those of a connection, from the view of near.
type ports struct{ near, far uint16 }

// awaited is a packet that a goroutine waits for.
type awaited struct {
	is   func(p packet) bool
	came chan struct{}
}

// A fault says what becomes of a packet that near sends to far: after which times it
// arrives, once for each. It is not called by two goroutines at once.
type fault func(p packet) []time.Duration

const (
	device   = "wire"
	wholeMTU = 1500
)

var (
	near = netip.MustParseAddr("198.51.100.1")
	far  = netip.MustParseAddr("198.51.100.2")
)

// newWire sets up the network. It fails with os.ErrNotExist where the kernel has no tunnels.
func newWire() (*wire, error) {
	nettest.MustBeAlone()
	tun, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/net/tun", Err: err}
	}
	r, err := unix.NewIfreq(device)
	must(err)
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(tun, unix.TUNSETIFF, r); err != nil {
		return nil, os.NewSyscallError("TUNSETIFF", err)
	}
	w := &wire{tun: tun, fault: sound, last: make(map[ports]packet)}
	must(nettest.SetAddr(device, near.String(), "255.255.255.0"))
	must(nettest.SetLink(device, true))
	go w.serve()
	return w, nil
}

// serve carries packets for as long as the process lives.
func (w *wire) serve() {
	for {
		p := make(packet, 1<<16)
		n, err := unix.Read(w.tun, p)
		if err == unix.EIO || err == unix.EINTR { // the interface is down, or a signal came
			time.Sleep(time.Millisecond)
			continue
		}
		must(err)
		if p = p[:n]; p[0]>>4 == 4 && p.target() == far {
			w.carry(p)
		}
	}
}

// carry does to a packet what the fault says.
func (w *wire) carry(p packet) {
	w.mu.Lock()
	arrivals := w.fault(p)
	if p.isTCP() {
		w.last[ports{p.sourcePort(), p.targetPort()}] = p
	}
	w.mu.Unlock()
	if len(arrivals) == 0 {
		w.tell(p)
	}
	for _, after := range arrivals {
		sent := append(packet(nil), p...)
		sent.turn()
		if after == 0 {
			w.inject(sent)
		} else {
			time.AfterFunc(after, func() { w.inject(sent) })
		}
	}
}

// set makes the wire have a fault from now on.
func (w *wire) set(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = f
}

// inject makes a packet arrive. It is lost if the interface is down.
func (w *wire) inject(p packet) {
	for {
		if _, err := unix.Write(w.tun, p); err != unix.EINTR {
			break
		}
	}
	w.tell(p)
}

// tell tells those who wait for a packet.
func (w *wire) tell(p packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.awaited = slices.DeleteFunc(w.awaited, func(a awaited) bool {
		if !a.is(p) {
			return false
		}
		close(a.came)
		return true
	})
}

// next returns a channel that is closed when the next packet for which what is true has
// arrived or is lost.
func (w *wire) next(what func(p packet) bool) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	came := make(chan struct{})
	w.awaited = append(w.awaited, awaited{what, came})
	return came
}

// lastFrom returns the last packet that a socket has sent.
func (w *wire) lastFrom(c net.Conn) packet {
	w.mu.Lock()
	defer w.mu.Unlock()
	local, remote := c.LocalAddr().(*net.TCPAddr), c.RemoteAddr().(*net.TCPAddr)
	return w.last[ports{uint16(local.Port), uint16(remote.Port)}]
}

// reset returns a segment that ends the connection of the socket that has sent p.
func reset(p packet) segment {
	return segment{
		source: netip.AddrPortFrom(p.target(), p.targetPort()), target: netip.AddrPortFrom(p.source(), p.sourcePort()),
		sequence: p.acked(), acked: p.sequence() + uint32(p.data()), flags: rst | ack,
	}
}

// sound and cut are the wires that carry everything and nothing.
func sound(packet) []time.Duration { return []time.Duration{0} }
func cut(packet) []time.Duration   { return nil }

// A dice is for faults that come at random, the same with each run.
func dice() *rand.Rand { return rand.New(rand.NewPCG(10, 20)) }

// lossy loses, doubles and delays packets at random: lost and doubled are out of a hundred.
func lossy(lost, doubled int, atMost time.Duration) fault {
	random := dice()
	arrival := func() time.Duration {
		if atMost == 0 {
			return 0
		}
		return time.Duration(random.Int64N(int64(atMost)))
	}
	return func(packet) (arrivals []time.Duration) {
		switch n := random.IntN(100); {
		case n < lost:
			return nil
		case n < lost+doubled:
			return []time.Duration{arrival(), arrival()}
		}
		return []time.Duration{arrival()}
	}
}

// delayed delays every packet by the same time.
func delayed(d time.Duration) fault {
	return func(packet) []time.Duration { return []time.Duration{d} }
}

// losing loses what is said to be lost.
func losing(lost func(p packet) bool) fault {
	return func(p packet) []time.Duration {
		if lost(p) {
			return nil
		}
		return sound(p)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
