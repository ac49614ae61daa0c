//go:build !linux

package poller

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, a program that uses a Group misses that there are no reactors here.
func TestNoReactorsHere(t *testing.T) {
	for _, g := range []*Group{Default(), NewGroup(Config{Pollers: 2, Strategy: Thread})} {
		require.True(t, errors.Is(g.Close(), errors.ErrUnsupported))
		require.Zero(t, g.Stats())
		require.Empty(t, g.PollerStats())
		require.Zero(t, g.Config().Pollers)
	}
	require.Same(t, Default(), Default())
	require.Equal(t, Thread, NewGroup(Config{Strategy: Thread}).Config().Strategy)
	require.Panics(t, func() { NewGroup(Config{Pollers: -1}) })
	require.Panics(t, func() { NewGroup(Config{Strategy: 2}) })
}
