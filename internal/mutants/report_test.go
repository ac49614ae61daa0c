package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/mutants/list"
)

// If this failed, the page would show another list: write it again.
func TestPageShowsTheList(t *testing.T) {
	text, err := os.ReadFile("../../" + page)
	require.NoError(t, err)
	all := list.All()
	for _, m := range all {
		require.True(t, strings.Contains(string(text), "\n"+row(&m)+" "), "%s: %s: go run ./internal/mutants -run it -write", m.File, m.Name)
	}
	sections := strings.Count(string(text), "\n## ")
	require.Equal(t, len(all)+2*sections, strings.Count(string(text), "\n|"), "rows")
}
