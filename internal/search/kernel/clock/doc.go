// Package clock is the clock of package kernel.
//
// Where it stands: in a search, in the place of internal/clock.
package clock
