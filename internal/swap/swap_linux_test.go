package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, a program does not compile with its import swapped, or prints something
// else.
func TestProgramsPrintTheSame(t *testing.T) {
	for _, name := range []string{"names", "packets", "tcp", "unix"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			main, err := filepath.Abs(filepath.Join("testdata", name, "main.go"))
			require.NoError(t, err)
			text, err := os.ReadFile(main)
			require.NoError(t, err)
			swapped, n, err := swapImport(main, text)
			require.NoError(t, err)
			require.Equal(t, 1, n)

			// The compiler reads the swapped file in the place of the other.
			dir := t.TempDir()
			file, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
			require.NoError(t, os.WriteFile(file, swapped, 0o644))
			list, err := json.Marshal(map[string]any{"Replace": map[string]string{main: file}})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(overlay, list, 0o644))

			want := printed(t, "./testdata/"+name)
			require.NotEmpty(t, want)
			require.Equal(t, want, printed(t, "-overlay", overlay, "./testdata/"+name))
			t.Logf("%d lines", strings.Count(want, "\n"))
		})
	}
}

// printed compiles a program and returns what it prints.
func printed(t *testing.T, build ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command("go", append([]string{"build", "-o", program}, build...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(program).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// If this fails, more than the import is swapped, or less.
func TestSwapImport(t *testing.T) {
	const file = `// Package p says "net".
package p

import (
	"net" // sockets
	"net/netip"
	std "net"
)

import . "net"

var _ = "net"
`
	const want = `// Package p says "net".
package p

import (
	net "github.com/a57b2d82/netpoller" // sockets
	"net/netip"
	std "github.com/a57b2d82/netpoller"
)

import . "github.com/a57b2d82/netpoller"

var _ = "net"
`
	swapped, n, err := swapImport("p.go", []byte(file))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, want, string(swapped))

	swapped, n, err = swapImport("p.go", []byte(want))
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, want, string(swapped))

	_, _, err = swapImport("p.go", []byte("no Go"))
	require.Error(t, err)
}

// If this fails, a test that fails with our package is not reported.
func TestDifferencesAreFound(t *testing.T) {
	const out = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"hello"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
not an event
{"Action":"fail","Package":"p"}
`
	results := parse(out)
	require.Equal(t, map[string]string{"p TestA": "pass", "p TestB": "run", "p ": "fail"}, results)
	passed, failed, skipped := count(results)
	require.Equal(t, []int{1, 1, 0}, []int{passed, failed, skipped})

	good := map[string]string{"p TestA": "pass"}
	require.NoError(t, differences(good, good))
	require.NoError(t, differences(results, results))
	require.Error(t, differences(good, results))
	require.Error(t, differences(good, map[string]string{"p TestA": "skip"}))
	require.Error(t, differences(nil, nil))
	require.NoError(t, differences(results, good), "that net fails is not our fault")
}
