package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is that of the tests of netswap, as a path from the root of the repository.
const program = "cmd/netswap/testdata/program"

// shown returns what docs/reference/swap.md says that the program's lint prints.
func shown(t *testing.T, root string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs/reference/swap.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(page), "$ netswap lint -C "+program+" ./...\n")
	if !ok {
		t.Fatal("the page does not have the command")
	}
	out, _, _ := strings.Cut(after, "```")
	return out
}

// fails returns what a command prints, which must find something.
func fails(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return strings.ReplaceAll(string(out), dir+string(filepath.Separator), "")
}

// If this fails, one of the ways to run the analyzer reports something else than the page shows,
// or nothing.
func TestWays(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	want, dir, bin := shown(t, root), filepath.Join(root, program), t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	build = exec.CommandContext(t.Context(), "go", "build", "-C", root, "-o", bin, "./cmd/netswap")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	netlint, netswap := filepath.Join(bin, "netlint"), filepath.Join(bin, "netswap")
	for name, got := range map[string]string{
		"go vet":  fails(t, dir, "go", "vet", "-vettool="+netlint, "./..."),
		"netlint": fails(t, dir, netlint, "./..."),
		"netswap": fails(t, root, netswap, "-netpoller", root, "lint", "-C", program, "./..."),
		"cross":   fails(t, root, "env", "GOARCH=s390x", netswap, "lint", "-C", program, "./..."),
	} {
		t.Run(name, func(t *testing.T) {
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
