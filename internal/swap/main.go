// Command swap takes a public module, swaps its import of net for ours, and runs its own
// tests both ways:
//
//	go run ./internal/swap -module github.com/miekg/dns@v1.1.73
//
// It works in a temporary directory, on two copies that differ in the import only. Words
// after the flags go to both runs of go test. It fails if the swapped copy does not
// compile, or a test fails there that does not fail with net.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	path := flag.String("module", "", "the module to take, as path@version")
	patch := flag.String("patch", "", "a patch for the swapped copy, where the import is not all")
	keep := flag.Bool("keep", false, "keep the copies")
	flag.Parse()
	if err := run(*path, *patch, *keep, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "swap:", err)
		os.Exit(1)
	}
}

func run(path, patch string, keep bool, testArgs []string) error {
	dir, err := os.MkdirTemp("", "swap")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("the copies are in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	home, err := output("", "go", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return err
	}
	source, err := download(path)
	if err != nil {
		return err
	}
	control, swapped := filepath.Join(dir, "net"), filepath.Join(dir, "netpoller")
	for _, to := range []string{control, swapped} {
		if err := copyModule(to, source, strings.TrimSpace(home)); err != nil {
			return err
		}
	}
	size, err := measure(control)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d lines in %d Go files, %d of which import net\n", path, size.lines, size.files, size.imports)
	for _, place := range size.asserts {
		fmt.Println("asks for a type of net's own:", place)
	}
	if err := swapModule(swapped); err != nil {
		return err
	}
	if patch != "" {
		if err := apply(swapped, patch); err != nil {
			return err
		}
	}
	return compare(control, swapped, testArgs)
}

// apply patches a copy.
func apply(dir, patch string) error {
	patch, err := filepath.Abs(patch)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(patch)
	if err != nil {
		return err
	}
	added := strings.Count(string(text), "\n+") - strings.Count(string(text), "\n+++ ")
	fmt.Printf("%s: %d lines added by hand\n", filepath.Base(patch), added)
	if out, err := output(dir, "git", "apply", "--verbose", patch); err != nil || strings.Contains(out, "Skipped") {
		return fmt.Errorf("%s: %w\n%s", patch, err, out)
	}
	return nil
}

// download returns the directory of a module's source.
func download(path string) (dir string, err error) {
	out, err := output(os.TempDir(), "go", "mod", "download", "-json", path)
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	var m struct{ Dir string }
	return m.Dir, json.Unmarshal([]byte(out), &m)
}

// copyModule copies a module and adds ours to what it requires: to the control as well,
// so that both copies get the same versions of everything.
func copyModule(to, from, home string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	// The module cache is read-only, and so is a copy of it.
	err := filepath.WalkDir(to, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() {
			mode = 0o755
		} else if info, err := d.Info(); err == nil {
			mode |= info.Mode() & 0o111
		}
		return os.Chmod(name, mode)
	})
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(to, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no go.mod", from)
	}
	_, err = output(to, "go", "mod", "edit", "-require="+module+"@v0.0.0", "-replace="+module+"="+home)
	return err
}

func swapModule(dir string) error {
	return walkGo(dir, func(name string) error {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text, n, err := swapImport(name, text)
		if n == 0 || err != nil {
			return err
		}
		return os.WriteFile(name, text, 0o644)
	})
}

// compare runs both copies' tests and prints what came of them.
func compare(control, swapped string, args []string) error {
	results := map[string]map[string]string{}
	for _, dir := range []string{control, swapped} {
		name := filepath.Base(dir)
		if out, err := output(dir, "go", "build", "./..."); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		// Its error says that a test failed, which the results say too.
		out, _ := output(dir, "go", append([]string{"test", "-json", "-count=1", "./..."}, args...)...)
		results[name] = parse(out)
		passed, failed, skipped := count(results[name])
		fmt.Printf("%-9s  builds; tests: %d passed, %d failed, %d skipped\n", name, passed, failed, skipped)
	}
	return differences(results["net"], results["netpoller"])
}

// output runs a command and returns what it printed. The commands may complete go.mod and
// go.sum, and find no workspace around them.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if dir != "" {
		cmd.Env = append(cmd.Env, "GOFLAGS=-mod=mod")
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
