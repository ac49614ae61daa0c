//go:build linux

package poller

import (
	"fmt"
	"syscall"
	"testing"
)

// The cost of registering when many goroutines do it at once, to one reactor or to several. The
// profile of mutexes says who waits for whom: -mutexprofile.
func BenchmarkRegister(b *testing.B) {
	for _, n := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("reactors=%d", n), func(b *testing.B) {
			g := NewGroup(Config{Pollers: n})
			defer g.Close()
			for range n { // starting is not what is measured
				_, err := g.Pick()
				ok(b, err)
			}
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				near, far := socketPair(b)
				defer syscall.Close(near)
				defer syscall.Close(far)
				for pb.Next() {
					p, err := g.Pick()
					if err != nil { // ok marks a helper, under a lock that would be in the profile
						b.Error(err)
						return
					}
					pd, err := p.open(near)
					if err != nil {
						b.Error(err)
						return
					}
					pd.Evict()
					p.drop(near, pd)
				}
			})
		})
	}
}
