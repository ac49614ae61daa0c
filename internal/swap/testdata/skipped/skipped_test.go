// Package skipped has tests that fail, and others that have similar names.
package skipped

import "testing"

func TestFails(t *testing.T) { t.Fail() }

func TestFailsNot(t *testing.T) {}

func TestParent(t *testing.T) {
	t.Run("fails", func(t *testing.T) { t.Fail() })
	t.Run("fails not", func(t *testing.T) {})
}

func TestLong(t *testing.T) {
	if !testing.Short() {
		t.Fail()
	}
}
