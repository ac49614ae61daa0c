package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

var (
	duration = flag.Duration("duration", 10*time.Second, "how long to begin new rounds; with -short, a fifth of it")
	seed     = flag.Uint64("seed", 0, "the seed of the first round, whose successors have the next numbers; 0 means any")
	rounds   = flag.Int("rounds", 0, "how many rounds at most; 0 means as many as there is time for")
	hang     = flag.Duration("hang", nettest.Patience, "how long a round may take before it counts as hung")
)

// If this failed, some use of the API, with some timing, would lose a byte, a wake-up or a
// descriptor, or fail with an error that it has no reason for.
func TestChaos(t *testing.T) {
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1e15)
	}
	lasts := *duration
	if testing.Short() {
		lasts /= 5
	}
	began, told := time.Now(), time.Now()
	all := newFigures()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	warmUp(t)
	makeContentFile(t)
	makeAddresses(t)
	for n := 0; n == 0 || time.Since(began) < lasts && (*rounds == 0 || n < *rounds); n++ {
		r := newRound(t, first+uint64(n), all)
		r.run()
		if t.Failed() { // or the race detector has found something
			t.Log(r.command())
			break
		}
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Printf("%s after %s, round %d (seed %d):\n%s", told.Format(time.TimeOnly),
				time.Since(began).Round(time.Second), n, r.seed, all)
		}
	}
	if testing.Verbose() || t.Failed() {
		fmt.Printf("seeds from %d, %s:\n%s", first, time.Since(began).Round(time.Second), all)
	}
	if *write && !t.Failed() {
		record(t, first, time.Since(began), all)
	}
}
