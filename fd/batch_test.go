//go:build linux

package fd

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// unixgramPair returns an FD whose peer has little room: what it does not read, soon
// holds the writer up.
func unixgramPair(t testing.TB, g *poller.Group) (*FD, *peer) {
	t.Helper()
	p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, syscall.SetNonblock(p[0], true))
	return newFD(t, g, p[0], KindPacket), newPeer(t, p[1])
}

// If this fails, a reader of batches waits for packets that may never come though it has
// some, or leaves some behind.
func TestReadBatchTakesWhatIsThere(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far, _ := udpPair(t, g)
		bufs := [3][]byte{make([]byte, 8), make([]byte, 8), make([]byte, 8)}
		b := batch(bufs[:]...)
		defer b.Free()
		for _, there := range []int{1, 2, 3, 5} {
			for i := range there {
				far.packet(fmt.Sprint(i))
			}
			for got := 0; got < there; {
				want := min(there-got, len(bufs))
				n, err := fd.ReadBatch(b, 0)
				if n != want || err != nil {
					t.Fatalf("%d of %d packets: %d, %v", got, there, n, err)
				}
				for i := range n {
					if size, _, _ := b.Packet(i); string(bufs[i][:size]) != fmt.Sprint(got+i) {
						t.Errorf("packet %d is %q", got+i, bufs[i][:size])
					}
				}
				got += n
			}
		}
		read := async(func() error {
			n, err := fd.ReadBatch(b, 0)
			if err == nil && n != 1 {
				err = fmt.Errorf("%d packets", n)
			}
			return err
		})
		parked(t, g, 1, 0)
		far.packet("late")
		ok(t, result(t, "ReadBatch", read))
	})
}

// If this fails, a writer of batches is told of packets that were not sent, waits though
// it has sent some, or sleeps on when there is room again.
func TestWriteBatchTellsHowManyItSent(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := unixgramPair(t, g)
		const packets = 2000 // more than the queue has room for, and than one call takes
		b := batch(slices.Repeat([][]byte{[]byte("x")}, packets)...)
		defer b.Free()
		sent := 0
		for {
			n, err := fd.WriteBatch(b, syscall.MSG_DONTWAIT)
			if sent += n; err == syscall.EAGAIN && n == 0 {
				break
			}
			if n == 0 || n == packets || err != nil {
				t.Fatalf("%d of %d, %v", n, packets, err)
			}
		}
		more := make(chan int, 1)
		write := async(func() error { n, err := fd.WriteBatch(b, 0); more <- n; return err })
		parked(t, g, 0, 1)
		// The kernel says that there is room when most of the queue is.
		for received := 0; received < sent; received++ {
			far.recv(1)
		}
		ok(t, result(t, "WriteBatch", write))
		if n := <-more; n < 1 || n == packets {
			t.Errorf("%d of %d", n, packets)
		}
	})
}

// If this fails, MSG_DONTWAIT waits, or does so once the deadline is over.
func TestBatchesThatDoNotWait(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far, _ := udpPair(t, g)
	b := batch(make([]byte, 8), make([]byte, 8))
	defer b.Free()
	if n, err := fd.ReadBatch(b, syscall.MSG_DONTWAIT); n != 0 || err != syscall.EAGAIN {
		t.Errorf("nothing there: %d, %v", n, err)
	}
	far.packet("x")
	if n, err := fd.ReadBatch(b, syscall.MSG_DONTWAIT); n != 1 || err != nil {
		t.Errorf("one there: %d, %v", n, err)
	}
	ok(t, fd.SetDeadline(longAgo))
	for name, do := range map[string]func(*sys.Batch, int) (int, error){"ReadBatch": fd.ReadBatch, "WriteBatch": fd.WriteBatch} {
		if n, err := do(b, syscall.MSG_DONTWAIT); n != 0 || err == nil || err == syscall.EAGAIN {
			t.Errorf("%s after its deadline: %d, %v", name, n, err)
		}
	}
}

// If this fails, a batch of none blocks, or gets something.
func TestEmptyBatches(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far, _ := udpPair(t, g)
	b := batch()
	defer b.Free()
	for range 2 {
		if n, err := fd.ReadBatch(b, 0); n != 0 || err != nil {
			t.Errorf("ReadBatch: %d, %v", n, err)
		}
		if n, err := fd.WriteBatch(b, 0); n != 0 || err != nil {
			t.Errorf("WriteBatch: %d, %v", n, err)
		}
		far.packet("x") // which is not taken
	}
	if n, err := fd.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("Read: %d, %v", n, err)
	}
}

// If this fails, readers of batches miss packets that come while they begin to wait, or
// two of them get the same one.
func TestBatchesWhileParking(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far, _ := udpPair(t, g)
		const packets = 2000
		counts := make(chan int)
		for range 3 {
			go func() {
				b := batch(make([]byte, 8), make([]byte, 8))
				defer b.Free()
				for {
					n, err := fd.ReadBatch(b, 0)
					if err != nil {
						counts <- -1
						return
					}
					counts <- n
				}
			}()
		}
		received := 0
		for sent := range packets {
			far.packet("x")
			if sent%10 == 9 { // no more than the buffer of the socket holds
				for received <= sent {
					received += result(t, "a batch", counts)
				}
			}
		}
		if received != packets {
			t.Errorf("%d packets of %d", received, packets)
		}
		ok(t, fd.SetReadDeadline(time.Unix(1, 0)))
		for range 3 {
			if n := result(t, "the end", counts); n != -1 {
				t.Errorf("%d packets more", n)
			}
		}
	})
}
