package house

import (
	"encoding/json"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// packagesOfSystems are those that have other code for systems without reactors.
var packagesOfSystems = []string{".", "conn", "dialer", "listener", "poller"}

// asElsewhere are packages that compare with package net, on whose sockets the other systems'
// code must be the same but for what onReactors lists.
var asElsewhere = []string{
	"./internal/parity/errors", "./internal/parity/ip", "./internal/parity/options",
	"./internal/parity/tcp", "./internal/parity/udp", "./internal/parity/unix",
}

// onReactors are the tests of asElsewhere that are about what only our own sockets do.
var onReactors = map[string]string{
	"TestControlAloneDiffers":           "the error of control messages without data",
	"TestControlThatDoesNotReturn":      "net hangs where a Control hook panics",
	"TestDialIntoHoleIsGivenUp":         "net's error of a dial that takes too long is one of two, by chance",
	"TestDialSharesItsTime":             "the same",
	"TestErrorsOfHangingDial":           "the same",
	"TestFailedReadMsgDiffers":          "net returns counts besides the error",
	"TestNegativeBacklog":               "ListenConfig.Backlog",
	"TestReusePort":                     "ListenConfig.ReusePort",
	"TestUnixEmptyDatagramWaitsForRoom": "net does not wait for it",
}

// If this fails, the code for other systems than Linux does something else than package net, or
// our additions do not fail there as they say. The code runs on Linux: the files for Linux are
// taken away, and those for others taken for it.
func TestOtherSystems(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the library once more")
	}
	atRoot(t)
	overlay := writeOverlay(t)
	out := goTest(t, "-overlay="+overlay, ".", "./dialer", "./listener", "./poller")
	require.Contains(t, out, "PASS: TestMethodsOfOtherSystems/tcp", "the tests for other systems ran")
	require.Contains(t, out, "PASS: TestNoReactorsHere")
	require.NotContains(t, out, "PASS: TestGroup", "the tests for Linux ran")
	if os.Getenv("CI") == "" {
		t.Log("set CI=true to compare with package net in everything")
		return
	}
	skip := ""
	for name := range onReactors {
		skip += "|^" + name + "$"
	}
	out = goTest(t, append([]string{"-overlay=" + overlay, "-skip", skip[1:]}, asElsewhere...)...)
	t.Logf("%d tests are as with package net", strings.Count(out, "\n--- PASS: "))
}

func goTest(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"test", "-v", "-timeout", "5m"}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// writeOverlay returns a file for the go command's flag -overlay, which swaps the files for Linux
// and those for others.
func writeOverlay(t *testing.T) string {
	linux, other := build.Default, build.Default
	linux.GOOS, other.GOOS = "linux", "darwin"
	dir, err := filepath.Abs(".")
	require.NoError(t, err)
	temp := t.TempDir()
	replace := map[string]string{}
	for _, pkg := range packagesOfSystems {
		files, err := filepath.Glob(filepath.Join(dir, pkg, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			here, err := linux.MatchFile(filepath.Split(file))
			require.NoError(t, err)
			there, err := other.MatchFile(filepath.Split(file))
			require.NoError(t, err)
			switch {
			case here && !there:
				replace[file] = "" // there is none
			case there && !here:
				replace[file] = filepath.Join(temp, strings.ReplaceAll(pkg, ".", "root")+"_"+filepath.Base(file))
				text := strings.Replace(read(t, file), "//go:build !linux", "//go:build linux", 1)
				require.NoError(t, os.WriteFile(replace[file], []byte(text), 0o666))
			}
		}
	}
	require.Greater(t, len(replace), 50)
	list, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	name := filepath.Join(temp, "overlay.json")
	require.NoError(t, os.WriteFile(name, list, 0o666))
	return name
}
