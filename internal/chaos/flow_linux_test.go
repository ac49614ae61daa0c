package chaos

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// A flow is what is sent in one direction of a connection. In an ordered one the bytes at
// each place are known. In a crowded one, many write and read at once, and what is compared
// is how many bytes there were and the sum of their hashes.
type flow struct {
	ordered bool
	phase   int
	total   int64        // to be sent
	left    atomic.Int64 // of them, not yet begun
	ended   atomic.Bool  // no more will be sent: set before the end is
	w, r    sync.Mutex   // held by who writes to an ordered flow, and by who reads

	sent, got tally
}

// A tally is a sum that does not depend on the order of what was added.
type tally struct {
	n   atomic.Int64
	sum atomic.Uint64
}

func (t *tally) add(p []byte) {
	var sum uint64
	for _, b := range p {
		sum += hashes[b]
	}
	t.sum.Add(sum)
	t.n.Add(int64(len(p)))
}

const (
	period = 1<<18 + 3 // after which the content of an ordered flow begins anew
	urgent = 0xff      // the one byte that no flow has, sent out of band
)

var (
	hashes  [256]uint64
	content [2 * period]byte // twice the same, so that every piece of a period is in one piece
)

func init() {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range hashes {
		hashes[i] = random.Uint64()
	}
	for i := range period {
		content[i] = byte(random.IntN(urgent))
		content[i+period] = content[i]
	}
}

// contentFile is a file with the content.
var contentFile string

func makeContentFile(t *testing.T) {
	contentFile = filepath.Join(t.TempDir(), "content")
	if err := os.WriteFile(contentFile, content[:], 0o600); err != nil {
		t.Fatal(err)
	}
}

// place is where in the content the flow's byte at an offset is.
func (f *flow) place(offset int64) int { return int((int64(f.phase) + offset) % period) }

// receive checks what was read. The caller holds f.r if the flow is ordered.
func (f *flow) receive(a *actor, p []byte) {
	if bytes.IndexByte(p, urgent) >= 0 {
		p = bytes.ReplaceAll(p, []byte{urgent}, nil)
	}
	if f.ordered {
		offset := f.got.n.Load()
		for rest := p; len(rest) > 0; {
			at := f.place(offset)
			k := min(len(rest), period)
			if !bytes.Equal(rest[:k], content[at:at+k]) {
				a.fail("the %d bytes at %d of %d are not what was sent", k, offset, f.sent.n.Load())
				return
			}
			offset += int64(k)
			rest = rest[k:]
		}
		f.got.n.Store(offset)
		return
	}
	f.got.add(p)
}

// check compares at the end, when nobody uses the flow any more. A faithful one has sent all,
// and it has arrived.
func (f *flow) check(a *actor, faithful bool) {
	sent, got := f.sent.n.Load(), f.got.n.Load()
	switch {
	case got > sent:
		a.fail("%d bytes read of %d", got, sent)
	case faithful && sent != f.total:
		a.fail("%d bytes sent of %d, and nobody says why", sent, f.total)
	case faithful && got != sent:
		a.fail("%d bytes read of %d, and then the end", got, sent)
	case faithful && !f.ordered && f.sent.sum.Load() != f.got.sum.Load():
		a.fail("%d bytes read, and not those that were sent", got)
	}
}
