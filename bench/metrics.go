//go:build linux

package main

import (
	"fmt"
	"strings"
)

// metric is something that a run tells.
type metric struct {
	key    string
	title  string // %s is the scenario's unit
	better direction
	value  func(run) float64
	format func(float64) string
}

// direction says which values are good.
type direction string

const (
	more direction = "more is better"
	less direction = "less is better"
)

var metrics = []metric{
	{"per_second", "%s/s", more, func(r run) float64 { return r.PerSecond }, thousands},
	{"cpu", "CPU µs/%s", less, func(r run) float64 { return r.CPU }, significant},
	{"p50", "p50 µs", less, func(r run) float64 { return r.P50 }, thousands},
	{"p99", "p99 µs", less, func(r run) float64 { return r.P99 }, thousands},
	{"p99_9", "p99.9 µs", less, func(r run) float64 { return r.P999 }, thousands},
	{"allocs", "allocs/%s", less, func(r run) float64 { return r.Allocs }, twoDigits},
	{"burns", "burning/s", more, func(r run) float64 { return r.Burns }, thousands},
	{"late", "client late µs", less, func(r run) float64 { return r.Late }, thousands},
	{"memory", "server B/%s", less, func(r run) float64 { return r.Memory }, thousands},
	{"kernel", "kernel B/%s", less, func(r run) float64 { return r.KernelMemory }, thousands},
}

func metricByKey(key string) metric {
	for _, m := range metrics {
		if m.key == key {
			return m
		}
	}
	panic("no metric " + key)
}

func (m metric) titleFor(sc scenario) string {
	return strings.ReplaceAll(m.title, "%s", shortUnit(sc.unit))
}

// significant keeps three digits or so.
func significant(v float64) string {
	switch {
	case v >= 100:
		return thousands(v)
	case v >= 1:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func twoDigits(v float64) string { return fmt.Sprintf("%.2f", v) }

func byteSize(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
