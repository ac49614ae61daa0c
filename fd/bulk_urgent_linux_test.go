package fd

import (
	"strings"
	"syscall"
	"testing"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/poller"
)

// If this fails, a Splice waits at an urgent byte, past which the kernel splices
// nothing, though more has come, forever, as no edge follows; or it takes it for the
// end, if the peer has sent its FIN.
func TestSplicePassesUrgentByte(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for _, sent := range []string{"before!after", "!after", "before!", "!", strings.Repeat("b", 10000) + "!" + strings.Repeat("a", 10000)} {
			for inline, want := range []string{strings.Replace(sent, "!", "", 1), sent} {
				for range 10 {
					src, from := pair(t, g)
					dst, to := pair(t, g)
					ok(t, syscall.SetsockoptInt(src.sysfd, syscall.SOL_SOCKET, syscall.SO_OOBINLINE, inline))
					before, after, _ := strings.Cut(sent, "!")
					from.send(before)
					from.urgent("!")
					from.send(after)
					from.fin()
					ok(t, src.SetReadDeadline(nettest.Soon()))
					n, handled, err := Splice(dst, src, Unlimited)
					if got := to.recv(int(n)); got != want || !handled || err != nil {
						t.Fatalf("Splice of %.20q, inline %d, = %.20q, %v, %v", sent, inline, got, handled, err)
					}
					ok(t, src.Close())
					ok(t, dst.Close())
				}
			}
		}
	})
}

// The same for a Splice that waits already, at one urgent byte after another.
func TestSpliceWaitsForUrgentByte(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 20 {
			src, from := pair(t, g)
			dst, to := pair(t, g)
			ok(t, src.SetReadDeadline(nettest.Soon()))
			done := make(chan int64)
			go func() { n, _, _ := Splice(dst, src, Unlimited); done <- n }()
			for range 10 {
				from.urgent("!")
				from.send("data")
				if got := to.recv(4); got != "data" {
					t.Fatalf("received %q", got)
				}
			}
			from.fin()
			if n := <-done; n != 40 {
				t.Fatalf("Splice moved %d bytes", n)
			}
			ok(t, src.Close())
			ok(t, dst.Close())
		}
	})
}
