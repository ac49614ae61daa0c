package polldesc

import (
	"fmt"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/tracer"
)

// This file says what the values of this package's atomics are called. It is compiled into the
// searches of the packages above, too.

func init() {
	search.Show[waitWord]("g", showState)
	search.Show[info]("w", showInfo)
	search.Show[Side]("parker", showPointer)
}

func showState(v uint64) string { return tracer.States[v] }

func showPointer(v uint64) string {
	if v == 0 {
		return "nil"
	}
	return "set"
}

func showInfo(v uint64) string {
	s := fmt.Sprintf("gen %d", v>>32)
	for i, name := range []string{"closing", "rExpired", "wExpired", "rdhup", "hup", "err", "pri", "rIntr", "wIntr"} {
		if v&(1<<i) != 0 {
			s += "+" + name
		}
	}
	return s
}
