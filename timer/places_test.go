package timer

import (
	"math/rand/v2"
	"testing"
)

// If this failed, a deadline would come too late, behind one that is later.
func TestPlacesMustKeepTheirOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h places
	entries := make([]Entry, 60)
	for step := range 5000 {
		when := random.Int64N(1000)
		if random.IntN(3) == 0 {
			when = Never
		}
		h.place(&entries[random.IntN(len(entries))], when, uint64(step))
		for i := range h {
			if h[i].entry.pos != i+1 {
				t.Fatalf("step %d: the entry at %d believes that it is at %d", step, i, h[i].entry.pos-1)
			}
			if parent := (i - 1) / 4; i > 0 && h[i].before(&h[parent]) {
				t.Fatalf("step %d: %d at %d is earlier than %d at %d", step, h[i].when, i, h[parent].when, parent)
			}
		}
	}
}
