// Package plant plants mistakes in the source, one at a time, and runs the tests that must find them.
//
// The patched files stand in for those of the repository through the -overlay flag of go test, so the source itself never
// changes.
//
// Where it stands: above package overlay, which compiles the searches.
package plant

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// A Lab is where mutants are tried.
type Lab struct {
	Root  string // of the module
	dir   string
	hasty map[string]string // an overlay for every run, see hasty
	all   *planted          // those that can be in one program
}

// Open returns a lab for the module that the working directory is in.
func Open(ctx context.Context) (*Lab, error) {
	root, err := overlay.Root(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	l := &Lab{Root: root, dir: dir}
	if l.hasty, err = hasty(root, dir); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close removes what the lab has compiled.
func (l *Lab) Close() error { return os.RemoveAll(l.dir) }

// A planted source has a mistake in it, or some of which one is chosen, or none.
type planted struct {
	name, root string
	overlay    string          // for go test -overlay
	patches    []overlay.Patch // for a search, which rewrites the source itself

	mu       sync.Mutex
	binaries map[string]func() (string, error) // by what makes them
}

// plant makes a source that differs from the module's in some files.
func (l *Lab) plant(name string, files map[string]string) (*planted, error) {
	p := &planted{name: filepath.Join(l.dir, name), root: l.Root, binaries: make(map[string]func() (string, error))}
	replace := maps.Clone(l.hasty)
	for file, text := range files {
		path := filepath.Join(l.Root, filepath.FromSlash(file))
		old, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		p.patches = append(p.patches, overlay.Patch{File: file, Old: string(old), New: text})
		to := p.name + "." + strings.ReplaceAll(file, "/", ".")
		if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
			return nil, err
		}
		replace[path] = to
	}
	out, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	p.overlay = p.name + ".json"
	return p, os.WriteFile(p.overlay, out, 0o666)
}

// plantAll plants all mutants that can be in one program. One that does not compile is left
// alone, where it tells so.
func (l *Lab) plantAll(list []Mutant) error {
	for {
		files, err := together(l.Root, list)
		if err != nil {
			return err
		}
		if l.all, err = l.plant("all", files); err != nil {
			return err
		}
		c := exec.Command("go", "build", "-overlay", l.all.overlay, "./...")
		c.Dir = l.Root
		out, err := c.CombinedOutput()
		if err == nil {
			return nil
		}
		wrong := inMutant.FindAllStringSubmatch(string(out), -1)
		if wrong == nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		for _, m := range wrong {
			i, _ := strconv.Atoi(m[1])
			list[i-1].alone = true
		}
	}
}

// inMutant is how the compiler names the place of an error.
var inMutant = regexp.MustCompile(`mutant(\d+)\.go:`)

// plantOne plants a mutant, and returns the environment that chooses it.
func (l *Lab) plantOne(m *Mutant) (p *planted, env string, err error) {
	if m.number != 0 {
		return l.all, variable + "=" + strconv.Itoa(m.number), nil
	}
	text, err := m.Patched(l.Root)
	if err != nil {
		return nil, "", err
	}
	p, err = l.plant(fmt.Sprintf("alone%p", m), map[string]string{m.File: text})
	return p, variable + "=", err
}
