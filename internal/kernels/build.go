package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// packages are those whose tests a guest runs, from the bottom up.
var packages = []string{"internal/sys", "timer", "polldesc", "poller", "fd", "conn"}

// limit is how long one package may take. An emulated machine is some twenty times slower
// than the one that emulates it.
const limit = 30 * time.Minute

// A skip is a set of tests that no guest runs.
type skip struct {
	pkg    string
	tests  string // a regular expression for the whole name
	reason string
}

// skips are all of them. A search makes its own schedules, so it finds the same on every
// kernel, and it needs the go command.
var skips = []skip{
	{"internal/sys", "TestEveryCallAsks", "reads the source, and asks the kernel nothing"},
	{"timer", "TestSearch.*", "a search, which asks the kernel nothing"},
	{"polldesc", "TestSearch.*", "a search, which asks the kernel nothing"},
	{"polldesc", "TestEveryRowHasATransitionTest", "reads the source, and asks the kernel nothing"},
	{"poller", "TestSearch.*", "a search, which asks the kernel nothing"},
	{"fd", "TestSearch.*", "a search, which asks the kernel nothing"},
}

// initramfs builds the tests and returns the first file system of a machine that runs them.
func initramfs(ctx context.Context, dir, arch, tests string, pkgs []string) ([]byte, error) {
	var a archive
	for _, name := range []string{"dev", "proc", "sys", "tmp"} {
		a.dir(name)
	}
	a.device("dev/console", 5, 1)
	a.file("etc/hosts", modeFile, []byte("127.0.0.1 localhost\n::1 localhost\n"))
	binary := filepath.Join(dir, "init")
	if err := build(ctx, binary, arch, "build", "./internal/kernels/init"); err != nil {
		return nil, err
	}
	if err := addFile(&a, "init", modeBinary, binary); err != nil {
		return nil, err
	}
	var programs strings.Builder
	for _, pkg := range pkgs {
		binary := filepath.Join(dir, "test")
		if err := build(ctx, binary, arch, "test", "-c", "./"+pkg); err != nil {
			return nil, err
		}
		if err := addFile(&a, pkg+"/test", modeBinary, binary); err != nil {
			return nil, err
		}
		fmt.Fprintf(&programs, "/%s/test %v -test.v=test2json -test.short -test.timeout=%v -test.run=%s -test.skip=%s\n",
			pkg, limit+time.Minute, limit, tests, skipPattern(pkg))
	}
	a.file("programs", modeFile, []byte(programs.String()))
	return a.bytes(), nil
}

// build runs a command of go that writes a static binary, from the module's root.
func build(ctx context.Context, binary, arch, verb string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{verb, "-ldflags=-s -w", "-o", binary}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

func addFile(a *archive, name string, mode int, path string) error {
	data, err := os.ReadFile(path)
	if err == nil {
		a.file(name, mode, data)
	}
	return err
}

// skipPattern returns the pattern of a package's skipped tests.
func skipPattern(pkg string) string {
	names := []string{"-"}
	for _, s := range skips {
		if s.pkg == pkg {
			names = append(names, s.tests)
		}
	}
	return "^(" + strings.Join(names, "|") + ")$" // its "-" is in no name
}
