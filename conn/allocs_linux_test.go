package conn_test

import (
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Read and Write must not allocate, nor a Read that parks, nor a deadline.
func TestAllocs(t *testing.T) {
	a, b := pair(t)
	var buffer, big [128]byte
	runs := map[string]func() error{
		"Write and Read": func() error {
			if _, err := b.Write(buffer[:]); err != nil {
				return err
			}
			_, err := io.ReadFull(a, buffer[:])
			return err
		},
		"short Read": func() error {
			if _, err := b.Write(buffer[:7]); err != nil {
				return err
			}
			_, err := a.Read(big[:])
			return err
		},
		"SetDeadline": func() error { return a.SetDeadline(time.Now().Add(time.Hour)) },
		"no deadline": func() error { return a.SetDeadline(time.Time{}) },
	}
	for name, run := range runs {
		require.NoError(t, run()) // what is made once
		allocs := testing.AllocsPerRun(1000, func() {
			if err := run(); err != nil {
				t.Error(err)
			}
		})
		require.Zero(t, allocs, name)
	}
}

// The same for a Read that waits, whose peer writes when it does.
func TestAllocsOfParkedRead(t *testing.T) {
	a, b := pair(t)
	var written, received [128]byte
	turn, result := make(chan struct{}), make(chan error)
	defer close(turn)
	go func() {
		for range turn {
			for range 3 {
				runtime.Gosched() // let the reader park
			}
			_, err := b.Write(written[:])
			result <- err
		}
	}()
	run := func() {
		turn <- struct{}{}
		if _, err := io.ReadFull(a, received[:]); err != nil {
			t.Error(err)
		}
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
	run()
	require.Zero(t, testing.AllocsPerRun(1000, run))
}

// Memory that a goroutine wrote before a Write must be visible to the one whose Read sees that
// data: programs rely on it, and the race detector must be told, with our connection
// at either end or at both.
func TestHappensBefore(t *testing.T) {
	ours, peer := pair(t)
	mine, theirs := mixed(t)
	for _, ends := range [][2]io.ReadWriter{{ours, peer}, {mine, theirs}, {theirs, mine}} {
		shared := 0
		go func() {
			shared = 1
			ends[0].Write([]byte("x"))
		}()
		_, err := io.ReadFull(ends[1], make([]byte, 1))
		require.NoError(t, err)
		require.Equal(t, 1, shared)
	}
}
