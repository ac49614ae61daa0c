package timer

import "testing"

func benchmarkHeap(n int) (*Heap, []Entry) {
	h := newHeap()
	entries := make([]Entry, n)
	for i := range entries {
		entries[i].Owner = nobody{}
		h.Arm(&entries[i], int64(i))
	}
	return h, entries
}

// BenchmarkArm arms a deadline later than all others, and takes it out again.
func BenchmarkArm(b *testing.B) {
	h, _ := benchmarkHeap(10_000)
	e := Entry{Owner: nobody{}}
	b.ReportAllocs()
	for when := int64(1 << 40); b.Loop(); when++ {
		h.Arm(&e, when)
		h.Disarm(&e)
	}
}

// BenchmarkMoveEarlier moves deadlines from the far end to the near one.
func BenchmarkMoveEarlier(b *testing.B) {
	h, entries := benchmarkHeap(10_000)
	b.ReportAllocs()
	for i, when := 0, int64(0); b.Loop(); i++ {
		when--
		h.Arm(&entries[len(entries)-1-i%len(entries)], when)
	}
}

// BenchmarkRunDue fires a thousand deadlines and arms them again.
func BenchmarkRunDue(b *testing.B) {
	h, entries := benchmarkHeap(1000)
	b.ReportAllocs()
	for now := int64(1000); b.Loop(); now += 1000 {
		h.RunDue(now)
		for i := range entries {
			h.Arm(&entries[i], now+int64(i*617%1000))
		}
	}
}
