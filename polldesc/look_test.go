package polldesc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// If this failed, a connection would be shown with the number of the one before it in the slot, or
// as standard input, while it is opened; or one that is closed would be shown.
func TestLookHasTheNumber(t *testing.T) {
	pd := newTestDesc()
	look := func() (fds []int) {
		pd.cache.Looks(func(l Look) bool {
			require.Equal(t, pd.Token(), Token{Slot: l.Slot, Gen: l.Gen})
			fds = append(fds, l.FD)
			return true
		})
		return fds
	}
	for _, fd := range []int{7, 0} {
		require.Empty(t, look(), "it has no number yet")
		pd.SetNumber(fd)
		require.Equal(t, []int{fd}, look())
		pd.Evict()
		require.Empty(t, look())
		pd.cache.Free(pd)
		require.Empty(t, look())
		require.Same(t, pd, pd.cache.Alloc())
	}
}
