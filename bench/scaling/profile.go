//go:build linux

package main

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/a57b2d82/netpoller/bench/servers"
)

// profiled is the work that tells what a reactor spends on an event.
const profiled = "reactor"

// profileReactors is an echo server whose Work counts the nanoseconds of processor that reactors used meanwhile.
func profileReactors(v servers.Variant, p servers.Point) (servers.Subject, error) {
	s, err := servers.Echo(v, p)
	s.Work = func(d time.Duration, _ string) (int, error) {
		var record bytes.Buffer
		if err := pprof.StartCPUProfile(&record); err != nil {
			return 0, err
		}
		time.Sleep(d)
		pprof.StopCPUProfile()
		p, err := profile.Parse(&record)
		if err != nil {
			return 0, err
		}
		return int(timeIn(p, ".(*Poller).run")), nil
	}
	return s, err
}

// timeIn sums up what a function and those that it calls used. The last value of a sample of a CPU profile is nanoseconds.
func timeIn(p *profile.Profile, function string) (nanoseconds int64) {
	for _, s := range p.Sample {
		if calledBy(s, function) {
			nanoseconds += s.Value[len(s.Value)-1]
		}
	}
	return nanoseconds
}

func calledBy(s *profile.Sample, function string) bool {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if strings.HasSuffix(line.Function.Name, function) {
				return true
			}
		}
	}
	return false
}
