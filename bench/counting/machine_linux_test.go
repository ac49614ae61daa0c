package counting

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestBusyTime(t *testing.T) {
	// user nice system idle iowait irq softirq steal guest guest_nice; guests are part of user and nice already.
	assert.Equal(t, 610*time.Millisecond, busyTime("cpu  10 1 20 500 7 2 8 20 5 5\ncpu0 1 1 1 1\n"))
	assert.Zero(t, busyTime(""))
}

func TestCPUModel(t *testing.T) {
	assert.Equal(t, "Some CPU @ 2 GHz", cpuModel("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: a b\n"))
	assert.Equal(t, "unknown CPU", cpuModel("processor\t: 0\nBogoMIPS\t: 50\n"))
}
