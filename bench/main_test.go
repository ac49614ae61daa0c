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
	assert.Equal(t, []int{1, 20}, s.Conns)
	assert.Equal(t, []string{"raw", "net"}, s.Variants)
	assert.Equal(t, 2, s.Rounds)
	assert.Equal(t, 1024, s.Size)
}

func TestFlagsRefused(t *testing.T) {
	for name, args := range map[string][]string{
		"no connections":       {"-conns", "0"},
		"connections no digit": {"-conns", "1,many"},
		"unknown variant":      {"-variants", "net,iocp"},
		"no rounds":            {"-rounds", "0"},
		"size too large":       {"-size", "1048577"},
		"unknown counter":      {"-syscalls", "guess"},
		"stray argument":       {"fast"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseFlags(args, io.Discard)
			assert.Error(t, err)
		})
	}
}

// Compared variants must run side by side, and none may always be the first.
func TestRoundOrder(t *testing.T) {
	s := settings{Conns: []int{1, 64}, Variants: []string{"net", "parked", "raw"}}
	assert.Equal(t, []cell{
		{"parked", 1}, {"raw", 1}, {"net", 1},
		{"parked", 64}, {"raw", 64}, {"net", 64},
	}, roundOrder(s, 1))
	assert.Equal(t, roundOrder(s, 0), roundOrder(s, 3))
}
