package overlay

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
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

	// With these go test knows that the result depends on them.
	_ "github.com/a57b2d82/netpoller/internal/search"
	_ "github.com/a57b2d82/netpoller/internal/search/kernel/clock"
	_ "github.com/a57b2d82/netpoller/internal/search/kernel/context"
	_ "github.com/a57b2d82/netpoller/internal/search/kernel/time"
)

var (
	patched = flag.String("patches", "", "search the sources with the patches in a JSON `file`")
)

// Search runs the scenarios of a target, in as many processes as there are processors, and
// fails t with their counterexample. With -short it runs no more than some schedules of each.
// With -v it prints how many there were.
func (target *Target) Search(t *testing.T) {
	SkipElsewhere(t)
	bin, err := target.Build(t.Context(), t.TempDir(), patches(t)...)
	require.NoError(t, err)
	args := []string{"-test.failfast", "-test.v=" + fmt.Sprint(testing.Verbose()), "-test.short=" + fmt.Sprint(testing.Short()), "-only=" + flag.Lookup("only").Value.String()}
	steps := filepath.Join(t.TempDir(), "counterexample.json")
	if *page != "" {
		args = append(args, "-steps="+steps)
	}
	for _, out := range parallel(t.Context(), bin, args) {
		switch {
		case errors.Is(out.err, context.Canceled): // another one has failed
		case out.err != nil:
			t.Errorf("%v\n%s", out.err, &out.text)
			if *page != "" {
				name, err := writePage(t.Context(), steps, *page)
				require.NoError(t, err)
				t.Log("wrote the page: ", name)
			}
		default:
			t.Log(&out.text)
		}
	}
}

// An output is that of one process.
type output struct {
	text bytes.Buffer
	err  error
}

// parallel searches in a process for each processor, until one fails.
func parallel(ctx context.Context, bin string, args []string) []output {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := make([]output, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			c := exec.CommandContext(ctx, bin, append(args, fmt.Sprintf("-part=%d/%d", i, len(all)))...)
			c.Stdout, c.Stderr = &all[i].text, &all[i].text
			if all[i].err = c.Run(); all[i].err != nil {
				all[i].err = cmp.Or(ctx.Err(), all[i].err)
				cancel()
			}
		})
	}
	wg.Wait()
	return all
}

// SkipElsewhere skips a test on processors other than the machine's: go cannot run there, and
// schedules are the same on all.
func SkipElsewhere(t *testing.T) {
	host, err := run(t.Context(), "", "go", "env", "GOHOSTARCH")
	require.NoError(t, err)
	if strings.TrimSpace(host) != runtime.GOARCH {
		t.Skip("schedules are searched on ", host)
	}
}

// Build compiles the test binary of a target into dir, with patches. It is called inside of the
// module.
func (target *Target) Build(ctx context.Context, dir string, patches ...Patch) (bin string, err error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	overlay, err := target.Write(root, dir, patches...)
	if err != nil {
		return "", err
	}
	bin = filepath.Join(dir, "search.test")
	_, err = run(ctx, root, "go", "test", "-c", "-vet=off", "-o", bin, "-overlay", overlay, "./"+target.Package)
	return bin, err
}

// Root returns the folder of the module that the working directory is in.
func Root(ctx context.Context) (string, error) {
	root, err := run(ctx, "", "go", "list", "-m", "-f", "{{.Dir}}")
	return strings.TrimSpace(root), err
}

func patches(t *testing.T) (all []Patch) {
	if *patched != "" {
		text, err := os.ReadFile(*patched)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &all))
	}
	return all
}

func run(ctx context.Context, dir string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir = dir
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", args, err, out, &stderr)
	}
	return string(out), nil
}
