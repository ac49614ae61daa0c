package measure

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/servers"
)

// If this fails, a run counts whose client was no open loop, or one of a closed loop does not because its client was busy.
func TestInvalid(t *testing.T) {
	open := servers.Cell{Scenario: "open", Variant: "net", Point: servers.Point{Conns: 64, Rate: 1000}}
	assert.Empty(t, Run{Cell: open, ClientBusy: 0.49, Late: 1999}.Invalid())
	assert.Equal(t, "its client used 51 % of a core", Run{Cell: open, ClientBusy: 0.51, Late: 10}.Invalid())
	assert.Equal(t, "its client was 2.2ms late", Run{Cell: open, ClientBusy: 0.3, Late: 2201}.Invalid())
	assert.Empty(t, Run{Cell: echoCell(1), ClientBusy: 1}.Invalid())
}

// If this fails, client and server share a processor, or one of them is left out.
func TestSplit(t *testing.T) {
	var all unix.CPUSet
	for _, cpu := range []int{0, 3, 5, 64} { // as a container may have them
		all.Set(cpu)
	}
	rest, own := split(all)
	assert.Equal(t, 1, own.Count())
	assert.True(t, own.IsSet(64))
	assert.Equal(t, 3, rest.Count())
	assert.False(t, rest.IsSet(64))
	assert.Equal(t, 4, all.Count(), "as before")
}
