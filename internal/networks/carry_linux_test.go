package networks

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// carrying are wires that harm packets, over which a stream must be carried whole.
var carrying = []scenario{
	{"loss", "one packet in ten is lost", carries(lossy(10, 0, 0))},
	{"duplication", "every other packet comes twice", carries(lossy(0, 50, 0))},
	{"delay", "each packet takes 30 ms", carries(delayed(30 * time.Millisecond))},
	{"reordering", "each packet takes up to 3 ms, and may be overtaken", carries(lossy(0, 0, 3*time.Millisecond))},
	{"all of it", "one packet in twenty is lost, one in ten comes twice, each takes up to 3 ms",
		carries(lossy(5, 10, 3*time.Millisecond))},
	{"datagrams", "of UDP packets, one in five is lost and one in seven comes twice", datagrams},
}

const streamSize = 192 << 10

// carries returns a scenario in which a stream is echoed through a wire with a fault.
func carries(f fault) func(l *lab) {
	return func(l *lab) {
		l.set(f)
		dialed, accepted := l.pair()
		echoed := make(chan error, 1)
		go func() {
			_, err := io.Copy(struct{ io.Writer }{accepted}, struct{ io.Reader }{accepted})
			accepted.Close()
			echoed <- err
		}()
		sent := content(streamSize)
		written := make(chan error, 1)
		go func() {
			_, err := dialed.Write(sent)
			if err == nil {
				err = dialed.CloseWrite()
			}
			written <- err
		}()
		l.whenever("the stream comes back", func() (any, error) {
			got, err := io.ReadAll(dialed)
			return describe(got, sent), err
		})
		l.whenever("write", func() (any, error) { return nil, <-written })
		l.whenever("echo", func() (any, error) { return nil, <-echoed })
		l.whenever("close", func() (any, error) { return nil, dialed.Close() })
	}
}

// datagrams sends numbered packets, of which it loses and doubles some, always the same.
func datagrams(l *lab) {
	const count = 350
	n := 0
	l.set(func(packet) []time.Duration {
		switch n++; {
		case n > count: // the last one ends it
			return sound(nil)
		case n%5 == 0:
			return nil
		case n%7 == 0:
			return []time.Duration{0, 0}
		}
		return sound(nil)
	})
	receiver, err := l.packet("udp", on(near, port))
	must(err)
	sender, err := l.dialer(0).DialContext(ctx, "udp", on(far, port))
	must(err)
	sent := make(chan error, 1)
	go func() {
		for i := range count + 1 {
			if _, err := fmt.Fprint(sender, i); err != nil {
				sent <- err
				return
			}
			if i%10 == 9 {
				time.Sleep(time.Millisecond) // no queue on the way is long
			}
		}
		sent <- nil
	}()
	got, sum := 0, 0
	l.whenever("receive", func() (any, error) {
		for buf := make([]byte, 64); ; got++ {
			n, from, err := receiver.ReadFrom(buf)
			if err != nil {
				return nil, err
			}
			if host, _, _ := net.SplitHostPort(from.String()); host != far.String() {
				return from, nil
			}
			i, err := strconv.Atoi(string(buf[:n]))
			must(err)
			if i == count {
				return fmt.Sprintf("%d packets with the sum %d", got, sum), nil
			}
			sum += i
		}
	})
	l.whenever(fmt.Sprintf("send %d", count), func() (any, error) { return nil, <-sent })
}
