package figures

import (
	"fmt"
	"strconv"
)

// Thousands writes a whole number with commas.
func Thousands(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural writes a number and a noun, which gets an s unless the number is one.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(float64(n)) + " " + noun + "s"
}

// Significant keeps three digits or so.
func Significant(v float64) string {
	switch {
	case v >= 100:
		return Thousands(v)
	case v >= 1:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// TwoDigits writes two digits after the point.
func TwoDigits(v float64) string { return fmt.Sprintf("%.2f", v) }

// ByteSize writes a number of bytes in the largest unit that divides it.
func ByteSize(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// Interval writes the bounds of a ratio's interval.
func (r Ratio) Interval() string {
	if !r.HasInterval() {
		return ""
	}
	return span(r.Low, r.High)
}

// Range writes the least and the greatest ratio of a round.
func (r Ratio) Range() string {
	if r.Rounds < 2 {
		return ""
	}
	return span(r.Min, r.Max)
}

func span(low, high float64) string { return TwoDigits(low) + "–" + TwoDigits(high) }
