//go:build linux

package scenarios

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// TestMain lets the test binary be a server, as the program's main does.
func TestMain(m *testing.M) {
	if !process.Main(Start) {
		os.Exit(m.Run())
	}
}

// small returns a point of the scenario that takes little time.
func small(sc Scenario) servers.Point {
	p := sc.Points[0]
	p.Conns = min(p.Conns, 4)
	switch {
	case p.Burners > 0:
		p.Burners, p.Burn = 1, time.Millisecond
	case p.Load > 0:
		p.Rate = 2000
	case sc.measure != nil:
		p.Conns = 200
	}
	return p
}

// If this fails, a scenario does not work with a variant that is said to do it, or a column of its table stays empty.
func TestScenarios(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, sc := range All {
		for _, key := range sc.Variants(servers.VariantKeys()) {
			t.Run(sc.Key+"/"+key, func(t *testing.T) {
				at := servers.Cell{Scenario: sc.Key, Variant: key, Point: small(sc)}
				r, err := Measure(t.Context(), at, 30*time.Millisecond)
				require.NoError(t, err)
				assert.Equal(t, at, r.Cell)
				assert.Positive(t, r.Requests)
				if sc.measure != nil {
					return // 200 connections may well fit into memory that is there already
				}
				for _, metric := range sc.Compared {
					assert.Positive(t, measure.MetricByKey(metric).Value(r), metric)
				}
				assert.Equal(t, at.Burners > 0, r.Burns > 0, "requests whose handlers burned CPU")
			})
		}
	}
}

// If this fails, a table compares something with nothing.
func TestScenariosHaveTheBaseline(t *testing.T) {
	for _, sc := range All {
		assert.Contains(t, sc.Variants(servers.VariantKeys()), servers.Baseline, sc.Key)
		assert.Greater(t, len(sc.Variants(servers.VariantKeys())), 2, sc.Key)
		assert.NotEmpty(t, sc.Points, sc.Key)
		assert.True(t, (sc.load == nil) != (sc.measure == nil), sc.Key)
	}
}

// If this fails, the README does not say what a scenario is.
func TestScenariosAreInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	for _, key := range append(Keys(), servers.VariantKeys()...) {
		assert.True(t, strings.Contains(string(readme), "| `"+key+"` |"), key)
	}
}

// If this fails, -conns or -size measures other points than asked for, or one of them twice.
func TestOverride(t *testing.T) {
	points := []servers.Point{{Conns: 1, Size: 64}, {Conns: 64, Size: 64}, {Conns: 1, Op: "extend"}}
	assert.Equal(t, points, Override(points, nil, nil))
	assert.Equal(t, []servers.Point{{Conns: 5, Size: 64}, {Conns: 5, Op: "extend"}}, Override(points, []int{5}, nil))
	assert.Equal(t, []servers.Point{
		{Conns: 2, Size: 1}, {Conns: 2, Size: 2}, {Conns: 3, Size: 1}, {Conns: 3, Size: 2},
		{Conns: 2, Op: "extend"}, {Conns: 3, Op: "extend"},
	}, Override(points, []int{2, 3}, []int{1, 2}))
}

// Every variant must echo every byte, for requests smaller than a server's buffer, just as large, and larger than the
// socket's.
func TestVariantsEcho(t *testing.T) {
	for _, v := range servers.Variants {
		for name, size := range map[string]int{"1 B": 1, "64 B": 64, "buffer": servers.BufferSize, "1 MiB": client.MaxSize} {
			t.Run(v.Key+"/"+name, func(t *testing.T) {
				subject, err := echo.starter(v)(v, servers.Point{Size: size})
				require.NoError(t, err)
				c, err := client.Echo(&process.Server{Hello: process.Hello{Addr: subject.Addr}}, servers.Point{Conns: 5, Size: size})
				require.NoError(t, err)
				defer c.Close()
				for range 2 { // the second run begins where the first left off
					l, err := c.Run(t.Context(), 20*time.Millisecond)
					require.NoError(t, err)
					assert.GreaterOrEqual(t, l.Requests, 5)
					assert.EqualValues(t, l.Requests, l.Latency.TotalCount())
				}
			})
		}
	}
}

func TestPossible(t *testing.T) {
	assert.ErrorContains(t, udp.Possible(servers.Point{Conns: 65}), "at most 64")
	assert.ErrorContains(t, burn.Possible(servers.Point{Conns: 4, Burners: 4}), "left to measure")
	for _, sc := range All {
		for _, p := range sc.Points {
			if p.Conns < 1000 {
				assert.NoError(t, sc.Possible(p), "%s, %v", sc.Key, p)
			}
		}
	}
}
