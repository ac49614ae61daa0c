//go:build linux

package measure

import (
	"strings"

	"github.com/a57b2d82/netpoller/bench/figures"
)

// Metric is something that a Run tells.
type Metric struct {
	Key    string
	title  string // %s is the scenario's unit
	Better string
	Value  func(Run) float64
	Format func(float64) string
}

// The two directions of a Metric.
const (
	more = "more is better"
	less = "less is better"
)

var metrics = []Metric{
	{"per_second", "%s/s", more, func(r Run) float64 { return r.PerSecond }, figures.Thousands},
	{"cpu", "CPU µs/%s", less, func(r Run) float64 { return r.CPU }, figures.Significant},
	{"p50", "p50 µs", less, func(r Run) float64 { return r.P50 }, figures.Thousands},
	{"p99", "p99 µs", less, func(r Run) float64 { return r.P99 }, figures.Thousands},
	{"p99_9", "p99.9 µs", less, func(r Run) float64 { return r.P999 }, figures.Thousands},
	{"allocs", "allocs/%s", less, func(r Run) float64 { return r.Allocs }, figures.TwoDigits},
	{"burns", "burning/s", more, func(r Run) float64 { return r.Burns }, figures.Thousands},
	{"late", "client late µs", less, func(r Run) float64 { return r.Late }, figures.Thousands},
	{"memory", "server B/%s", less, func(r Run) float64 { return r.Memory }, figures.Thousands},
	{"kernel", "kernel B/%s", less, func(r Run) float64 { return r.KernelMemory }, figures.Thousands},
}

// MetricByKey finds the metric with a key.
func MetricByKey(key string) Metric {
	for _, m := range metrics {
		if m.Key == key {
			return m
		}
	}
	panic("no metric " + key)
}

// The words for what a ratio to the baseline says.
const (
	Win  = "better"
	Loss = "worse"
	Even = "even"
)

// Verdict is the word for a ratio; none if there were too few rounds to tell.
func (m Metric) Verdict(r figures.Ratio) string {
	switch side := r.Side(); {
	case !r.HasInterval():
		return ""
	case side == 0:
		return Even
	case side > 0 == (m.Better == more):
		return Win
	}
	return Loss
}

// TitleFor is the title where unit is what is counted.
func (m Metric) TitleFor(unit string) string {
	return strings.ReplaceAll(m.title, "%s", ShortUnit(unit))
}

// ShortUnit abbreviates as is usual.
func ShortUnit(unit string) string {
	if unit == "request" {
		return "req"
	}
	return unit
}
