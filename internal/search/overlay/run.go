package overlay

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/a57b2d82/netpoller/internal/search" // go test knows that the result depends on it
)

var (
	patched = flag.String("patches", "", "search the sources with the patches in a JSON `file`")
)

// Search runs the scenarios of a target, in as many processes as there are processors, and
// fails t with their counterexample. With -short it runs no more than some schedules of each.
// With -v it prints how many there were.
func (target *Target) Search(t *testing.T) {
	if host := run(t, "", "go", "env", "GOHOSTARCH"); strings.TrimSpace(host) != runtime.GOARCH {
		t.Skipf("schedules are the same on every processor: they are searched on %s", host)
	}
	dir := t.TempDir()
	bin := target.Build(t, dir, patches(t))
	args := []string{"-test.v=" + fmt.Sprint(testing.Verbose()), "-test.short=" + fmt.Sprint(testing.Short()), "-only=" + flag.Lookup("only").Value.String()}
	n := runtime.GOMAXPROCS(0)
	outputs := make([]bytes.Buffer, n)
	failed := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c := exec.CommandContext(t.Context(), bin, append(args, fmt.Sprintf("-part=%d/%d", i, n))...)
			c.Stdout, c.Stderr = &outputs[i], &outputs[i]
			failed[i] = c.Run()
		})
	}
	wg.Wait()
	for i := range n {
		if failed[i] != nil {
			t.Errorf("%v\n%s", failed[i], outputs[i].String())
		} else {
			t.Log(outputs[i].String())
		}
	}
}

// Build compiles the test binary of a target, with patches.
func (target *Target) Build(t *testing.T, dir string, patches []Patch) (bin string) {
	root := strings.TrimSpace(run(t, "", "go", "list", "-m", "-f", "{{.Dir}}"))
	overlay, err := target.Write(root, dir, patches...)
	require.NoError(t, err)
	bin = filepath.Join(dir, "search.test")
	run(t, root, "go", "test", "-c", "-vet=off", "-o", bin, "-overlay", overlay, "./"+target.Package)
	return bin
}

func patches(t *testing.T) (all []Patch) {
	if *patched != "" {
		text, err := os.ReadFile(*patched)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &all))
	}
	return all
}

func run(t *testing.T, dir string, args ...string) string {
	c := exec.CommandContext(t.Context(), args[0], args[1:]...)
	c.Dir = dir
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, "%s\n%s%s", args, out, &stderr)
	return string(out)
}
