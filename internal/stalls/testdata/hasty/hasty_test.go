// Package hasty has a test that relies on the machine to be fast, and one that does not.
package hasty

import (
	"testing"
	"time"
)

func TestHasty(t *testing.T) {
	end := time.Now().Add(200 * time.Millisecond)
	if time.Now().After(end) {
		t.Fatal("two statements took 200 ms")
	}
}

func TestPatient(t *testing.T) {
	switch end := time.Now().Add(200 * time.Millisecond); {
	case time.Now().After(end):
		t.Log("two statements took 200 ms")
	default:
		t.Log("in time")
	}
}
