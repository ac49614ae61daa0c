package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func digest(blob []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(blob)) }

// files returns what is in a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := make(map[string]string)
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(content)
	}
	return all
}

// pulled runs a scenario and returns what it took and what is in the directory.
func pulled(t *testing.T, name string, read time.Duration) (*registry, tally, map[string]string, error) {
	t.Helper()
	reg, err := newRegistry(3, 600_000, read)
	require.NoError(t, err)
	t.Cleanup(reg.close)
	chosen, err := choose(name)
	require.NoError(t, err)
	reg.suffer(chosen[0])
	dir := t.TempDir()
	c := newClient(reg.url, dir, read)
	c.backoff.base /= 10
	got, err := c.pull(context.Background(), newBoard(io.Discard))
	return reg, got, files(t, dir), err
}

// If this fails, a fault of the server costs a layer, or wrong bytes get a right name.
func TestPullSurvives(t *testing.T) {
	for _, test := range []struct {
		fault    string
		read     time.Duration
		attempts int  // at least
		resumes  bool // certainly: a reset may overtake all of the data
	}{
		{"none", time.Minute, 3, false},
		{"stall", time.Second, 9, true},
		{"reset", time.Minute, 9, false},
		{"truncate", time.Minute, 9, true},
		{"corrupt", time.Minute, 6, false},
		{"slow", 3 * time.Second, 3, false},
		{"refuse", time.Second, 6, false},
		{"all", time.Second, 21, true},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			var begun time.Time
			var reg *registry
			var got tally
			var files map[string]string
			for ; ; test.read *= 4 {
				var err error
				begun = time.Now()
				reg, got, files, err = pulled(t, test.fault, test.read)
				require.NoError(t, err)
				// A machine may be so busy that a slow server is silent for all of a limit.
				if test.fault != "slow" || got.attempts == test.attempts || test.read > time.Minute {
					break
				}
			}
			require.Equal(t, 3, got.layers)
			require.Equal(t, 3, got.verified)
			require.GreaterOrEqual(t, got.attempts, test.attempts)
			require.Len(t, files, 3)
			for i, l := range reg.image.Layers {
				require.True(t, files[l.Digest[7:]] == string(reg.blobs[i]), "layer %d", i)
			}
			if test.resumes {
				require.NotZero(t, got.resumed)
			}
			switch test.fault {
			case "none", "corrupt":
				require.Equal(t, test.attempts, got.attempts)
				require.Zero(t, got.resumed)
			case "slow":
				require.Equal(t, test.attempts, got.attempts, "slow is not silent")
				require.Greater(t, time.Since(begun), test.read, "it took longer than a Read may")
			}
		})
	}
}

// If this fails, a layer is kept though its digest was never right.
func TestPullGivesUpOnWrongDigests(t *testing.T) {
	_, got, files, err := pulled(t, "rotten", time.Minute)
	require.ErrorIs(t, err, errDigest)
	require.Equal(t, tally{layers: 3, attempts: 9, took: got.took}, got)
	require.Empty(t, files)
}

// asked reports whether each layer has been asked for.
func (reg *registry) asked() bool {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	return !slices.Contains(reg.requests, 0)
}

// If this fails, one who interrupts a pull has to wait, or partial files are left behind.
func TestPullIsInterrupted(t *testing.T) {
	reg, err := newRegistry(3, 1000, time.Hour)
	require.NoError(t, err)
	defer reg.close()
	chosen, err := choose("stall")
	require.NoError(t, err)
	reg.suffer(chosen[0])
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for ctx.Err() == nil && !reg.asked() {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err = newClient(reg.url, dir, time.Hour).pull(ctx, newBoard(io.Discard))
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, files(t, dir))
}

// If this fails, the program does not say that something went wrong.
func TestRunFails(t *testing.T) {
	var out bytes.Buffer
	o := options{layers: 1, size: 1000, read: time.Minute, fault: "rotten"}
	require.ErrorIs(t, run(context.Background(), o, &out), errDigest)
	require.Contains(t, out.String(), "0 of 1")
	o.fault = "lava"
	require.ErrorContains(t, run(context.Background(), o, &out), "none, stall")
	o.fault, o.size = "none", 0
	require.Error(t, run(context.Background(), o, &out))
}

// If this fails, bars are drawn where there is no terminal, over other lines than those of
// the bars, or wider than a terminal.
func TestBoard(t *testing.T) {
	layers := []layer{{"sha256:0123456789", 200}, {"sha256:abcdefghij", 0}}
	var plain, live strings.Builder
	for _, b := range []*board{newBoard(&plain), {out: &live, live: true}} {
		b.begin(layers)
		b.move(0, 100)
		b.say(0, strings.Repeat("long ", 50))
		b.say(1, "verified")
		b.end()
	}
	require.NotContains(t, plain.String(), "\x1b")
	require.Contains(t, plain.String(), "  layer 2  abcdefgh  100%  verified\n")
	require.Equal(t, 2, strings.Count(plain.String(), "\n"))

	require.Contains(t, live.String(), "  1  01234567 [############............]  50%  long long")
	frames := strings.Split(live.String(), "\x1b[2A")
	require.Len(t, frames, 4, "the first is drawn below what there was")
	for _, frame := range frames {
		require.Equal(t, 2, strings.Count(frame, "\n"))
		for line := range strings.Lines(frame) {
			require.Less(t, len(strings.TrimSuffix(line, "\x1b[K\n")), 80)
		}
	}
}
