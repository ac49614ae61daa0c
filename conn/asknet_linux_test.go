package conn

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

var questions = map[string]*question{
	"refusesMapped": &refusesMapped, "refusesNone": &refusesNone, "wrapsEOF": &wrapsEOF, "wildcardIsIPv4": &wildcardIsIPv4,
}

// Package net must be asked until it has answered, and then no more.
func TestQuestionIsAskedUntilAnswered(t *testing.T) {
	for _, want := range []bool{false, true} {
		asked, err := 0, errors.New("no descriptors left")
		q := question{ask: func() (bool, error) { asked++; return want, err }}
		require.False(t, q.yes())
		require.False(t, q.yes())
		err = nil
		require.Equal(t, want, q.yes())
		require.Equal(t, want, q.yes())
		require.Equal(t, 3, asked)
	}
}

// A question must leave no descriptor and no goroutine, and be answered the same in a
// bubble, where it may come up first.
func TestQuestionsLeaveNothing(t *testing.T) {
	nettest.NoFDsLeft(t)
	for name, q := range questions {
		before := runtime.NumGoroutine()
		want, err := q.ask()
		require.NoError(t, err, name)
		nettest.Eventually(t, name+" left no goroutine", func() bool { return runtime.NumGoroutine() <= before })
		require.Equal(t, want, q.yes(), name)
		synctest.Test(t, func(t *testing.T) {
			yes, err := q.ask()
			require.NoError(t, err, name)
			require.Equal(t, want, yes, name)
		})
	}
}
