//go:build linux

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/scenarios"
)

// If this fails, a recording cannot be made, has no intervals, or all of them take more time than the README says.
func TestRecordings(t *testing.T) {
	// Starting and stopping a pair of processes, and connecting a thousand times, takes less than this for each run.
	const around = measure.WarmUp + 100*time.Millisecond
	var all time.Duration
	for _, r := range recordings {
		o, err := r.options()
		require.NoError(t, err, r.name)
		assert.GreaterOrEqual(t, o.Rounds, figures.Fewest, r.name)
		runs := 0
		for _, key := range o.Scenarios {
			sc, _ := scenarios.ByKey(key)
			runs += len(scenarios.Override(sc.Points, o.Conns, o.Sizes)) * len(sc.Variants(o.Variants))
		}
		all += time.Duration(runs) * time.Duration(o.Rounds) * (o.Duration + around)
		if o.Syscalls != "off" {
			all += time.Duration(runs) * (300*time.Millisecond + around)
		}
	}
	t.Logf("%v", all)
	assert.Less(t, all, 25*time.Minute)
}

// If this fails, an interrupted recording begins anew, or a file of another commit or with other flags is taken for it.
func TestRecordingContinues(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	file := filepath.Join(t.TempDir(), "x.json")
	r := recordings[0]
	assert.False(t, r.isIn(file, commit), "not there")

	o, err := r.options()
	require.NoError(t, err)
	save := func(commit string) {
		require.NoError(t, (&report.Report{Machine: machine.Machine{Commit: commit}, Settings: o.Settings}).Save(file))
	}
	save(commit)
	assert.True(t, r.isIn(file, commit))
	assert.False(t, r.isIn(file, strings.ToUpper(commit)), "another commit")
	save(commit + "+dirty")
	assert.False(t, r.isIn(file, commit+"+dirty"), "no commit at all")
	o.Rounds++
	save(commit)
	assert.False(t, r.isIn(file, commit), "other flags")
}
