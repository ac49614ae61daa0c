//go:build linux

package main

import (
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/scenarios"
	"github.com/a57b2d82/netpoller/bench/servers"
)

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
	assert.Equal(t, scenarios.Keys(), all.Scenarios)
	assert.Empty(t, all.Conns)
	assert.Equal(t, servers.VariantKeys(), all.Variants)

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

func echoCell(variant string, conns int) servers.Cell {
	return servers.Cell{Scenario: "echo", Variant: variant, Point: servers.Point{Conns: conns, Size: 64}}
}

// Compared variants must run side by side, and none may always be the first.
func TestRoundOrder(t *testing.T) {
	var groups []group
	for _, conns := range []int{1, 64} {
		groups = append(groups, group{echoCell("net", conns), echoCell("nested", conns), echoCell("raw", conns)})
	}
	assert.Equal(t, []servers.Cell{
		echoCell("nested", 1), echoCell("raw", 1), echoCell("net", 1),
		echoCell("nested", 64), echoCell("raw", 64), echoCell("net", 64),
	}, roundOrder(groups, 1))
	assert.Equal(t, roundOrder(groups, 0), roundOrder(groups, 3))
}

// If this fails, a run that a hiccup of the machine has spoiled is not repeated, is lost, or a good one is repeated.
func TestInvalidRunsAreRepeated(t *testing.T) {
	late := []float64{9000, 9000, 10, 10}
	made := 0
	runs, err := measureValid(func() (measure.Run, error) {
		made++
		return measure.Run{Cell: servers.Cell{Point: servers.Point{Rate: 1000}}, Late: late[made-1]}, nil
	})
	require.NoError(t, err)
	require.Len(t, runs, 3)
	assert.NotEmpty(t, runs[1].Invalid())
	assert.Empty(t, runs[2].Invalid())

	runs, err = measureValid(func() (measure.Run, error) { return measure.Run{}, nil })
	require.NoError(t, err)
	assert.Len(t, runs, 1)
}

// If this fails, a point that cannot be measured here stops all others, or is left out in silence.
func TestPlanSkips(t *testing.T) {
	rep := &report.Report{Settings: report.Settings{
		Scenarios: []string{"memory"}, Variants: []string{"net", "raw"}, Conns: []int{10, 1 << 30},
	}}
	groups, err := plan(t.Context(), rep)
	require.NoError(t, err)
	assert.Equal(t, []group{{
		{Scenario: "memory", Variant: "net", Point: servers.Point{Conns: 10}},
		{Scenario: "memory", Variant: "raw", Point: servers.Point{Conns: 10}},
	}}, groups)
	require.Len(t, rep.Skipped, 1)
	assert.Contains(t, rep.Skipped[0].Reason, "ulimit -Hn")
}

// If this fails, -report and -html do not make a page of what was recorded.
func TestReportFromRecording(t *testing.T) {
	page := filepath.Join(t.TempDir(), "overview.html")
	o, err := parseFlags([]string{"-report", "results/overview.json", "-html", page}, io.Discard)
	require.NoError(t, err)
	require.NoError(t, bench(t.Context(), o))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(text), `<div class="line">`))
}

// If this fails, the picture in the README leaves out a folder, or one imports another that is not below it.
func TestFoldersAreAsInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, picture, _ := strings.Cut(string(readme), "## The folders\n\n```\n")
	picture, _, _ = strings.Cut(picture, "```")
	level := map[string]int{}
	for i, line := range strings.Split(picture, "\n") {
		names, _, _ := strings.Cut(line, "   ")
		for _, name := range strings.Fields(names) {
			level[name] = i
		}
	}
	files, err := filepath.Glob("*/*.go")
	require.NoError(t, err)
	const module = "github.com/a57b2d82/netpoller/bench/"
	for _, file := range files {
		folder := filepath.Dir(file)
		if folder == "netnames" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		require.Contains(t, level, folder)
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range f.Imports {
			if other, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module); ours {
				require.Greater(t, level[other], level[folder], "%s imports %s", file, other)
			}
		}
	}
}
