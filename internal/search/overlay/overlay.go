package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// A Target is a package whose scenarios are run.
type Target struct {
	// Package is the folder of the package, from the root of the module. Its scenarios are the
	// files in testdata/search below it. If there is a words.go among them, it is compiled
	// into the package for the targets above, too.
	Package string

	// Under are the packages to be rewritten, each after those it imports, and Package last.
	Under []string

	// Instead are import paths, and those of the packages that stand for them: models of the
	// kernel and of the clock.
	Instead map[string]string

	// Smaller are constants that are made smaller, so that each schedule does not fill a
	// slab.
	Smaller []Patch
}

// A Patch replaces a text in a file, which must have it exactly once.
type Patch struct{ File, Old, New string }

// Apply returns the file's text with the patch.
func (p Patch) Apply(text string) (string, error) {
	if n := strings.Count(text, p.Old); n != 1 {
		return "", fmt.Errorf("%s has %d times, not once: %q", p.File, n, p.Old)
	}
	return strings.Replace(text, p.Old, p.New, 1), nil
}

// Write writes the rewritten sources into dir, with patches made before, and returns the file
// for go test -overlay. root is the module's.
func (t *Target) Write(root, dir string, patches ...Patch) (overlay string, err error) {
	w := &writer{root: root, dir: dir, replace: map[string]string{}}
	known := map[string]*types.Package{}
	for _, pkg := range t.Under {
		files, err := w.sources(pkg, append(patches, t.Smaller...))
		if err != nil {
			return "", err
		}
		if files, err = memory(module+"/"+pkg, files, known); err != nil {
			return "", err
		}
		if err := w.words(pkg, t.Package); err != nil {
			return "", err
		}
		for name, src := range files {
			if src, err = operations(name, src, standard(t.Instead)); err != nil {
				return "", err
			}
			if err := w.put(name, src); err != nil {
				return "", err
			}
		}
	}
	scenarios, err := filepath.Glob(filepath.Join(root, t.Package, "testdata/search/*.go"))
	if err != nil || len(scenarios) == 0 {
		return "", errors.Join(err, fmt.Errorf("%s has no scenarios", t.Package))
	}
	for _, name := range scenarios {
		src, err := os.ReadFile(name) // and so go test knows that the result depends on it
		if err != nil {
			return "", err
		}
		base := strings.TrimSuffix(filepath.Base(name), ".go")
		if err := w.put(t.Package+"/search_"+base+"_test.go", string(src)); err != nil {
			return "", err
		}
	}
	return w.write()
}

// A writer writes an overlay.
type writer struct {
	root, dir string
	replace   map[string]string
}

// sources returns the files of a package that are compiled here, patched, and hides its tests.
func (w *writer) sources(pkg string, patches []Patch) (map[string]string, error) {
	dir := filepath.Join(w.root, pkg)
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, path := range all {
		base := filepath.Base(path)
		if strings.HasSuffix(base, "_test.go") {
			w.replace[path] = ""
			continue
		}
		if ok, err := build.Default.MatchFile(dir, base); err != nil || !ok {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		text := string(src)
		for _, p := range patches {
			if p.File == pkg+"/"+base {
				if text, err = p.Apply(text); err != nil {
					return nil, err
				}
			}
		}
		files[pkg+"/"+base] = text
	}
	return files, nil
}

// words puts the words.go of pkg into it, unless it is the package whose scenarios are run:
// there it is one of them.
func (w *writer) words(pkg, scenarios string) error {
	if pkg == scenarios {
		return nil
	}
	src, err := os.ReadFile(filepath.Join(w.root, pkg, "testdata/search/words.go"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return w.put(pkg+"/search_words.go", string(src))
}

// put writes a file, to be compiled in the place of name.
func (w *writer) put(name, text string) error {
	path := filepath.Join(w.dir, strings.ReplaceAll(name, "/", "_"))
	w.replace[filepath.Join(w.root, name)] = path
	return os.WriteFile(path, []byte(text), 0o644)
}

func (w *writer) write() (string, error) {
	text, err := json.Marshal(map[string]any{"Replace": w.replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o644)
}
