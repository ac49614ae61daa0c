//go:build linux

package main

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary play the parts that tests start as processes of their own: a server, as main does, and a
// program whose system calls are known.
func TestMain(m *testing.M) {
	if key := os.Getenv(serverEnv); key != "" {
		runServer(key)
		return
	}
	if os.Getenv(knownEnv) != "" {
		makeKnownCalls(os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

func TestFlags(t *testing.T) {
	s, err := parseFlags([]string{"-conns", "1,20", "-variants", "raw,net", "-rounds", "2", "-size", "1024"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"echo"}, s.Scenarios)
	assert.Equal(t, []int{1, 20}, s.Conns)
	assert.Equal(t, []string{"raw", "net"}, s.Variants)
	assert.Equal(t, 2, s.Rounds)
	assert.Equal(t, []int{1024}, s.Sizes)
}

// If this fails, the overview is no longer the minute that it promises, or -all leaves something out.
func TestFlagsDefaults(t *testing.T) {
	overview, err := parseFlags(nil, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"echo"}, overview.Scenarios)
	assert.Equal(t, []int{1, 64, 1000}, overview.Conns)
	assert.Equal(t, []int{64}, overview.Sizes)
	assert.Equal(t, []string{"net", "nested", "thread", "raw"}, overview.Variants)

	all, err := parseFlags([]string{"-all"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, scenarioKeys(), all.Scenarios)
	assert.Empty(t, all.Conns)
	assert.Equal(t, variantKeys(), all.Variants)

	some, err := parseFlags([]string{"-all", "-scenario", "tls,udp"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"tls", "udp"}, some.Scenarios)
}

func TestFlagsRefused(t *testing.T) {
	for name, args := range map[string][]string{
		"no connections":       {"-conns", "0"},
		"connections no digit": {"-conns", "1,many"},
		"unknown variant":      {"-variants", "net,iocp"},
		"unknown scenario":     {"-scenario", "echo,gopher"},
		"no rounds":            {"-rounds", "0"},
		"size too large":       {"-size", "1048577"},
		"unknown counter":      {"-syscalls", "guess"},
		"stray argument":       {"fast"},
		"report to nowhere":    {"-report", "results.json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseFlags(args, io.Discard)
			assert.Error(t, err)
		})
	}
}

// Compared variants must run side by side, and none may always be the first.
func TestRoundOrder(t *testing.T) {
	var groups []group
	for _, conns := range []int{1, 64} {
		groups = append(groups, group{echoCell("net", conns), echoCell("nested", conns), echoCell("raw", conns)})
	}
	assert.Equal(t, []cell{
		echoCell("nested", 1), echoCell("raw", 1), echoCell("net", 1),
		echoCell("nested", 64), echoCell("raw", 64), echoCell("net", 64),
	}, roundOrder(groups, 1))
	assert.Equal(t, roundOrder(groups, 0), roundOrder(groups, 3))
}
