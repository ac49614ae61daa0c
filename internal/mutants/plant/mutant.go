package plant

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// A Mutant is a mistake that can be planted.
type Mutant struct {
	Name string
	File string // slash-separated, from the root of the module

	// Old occurs once in the file, and New takes its place. Where both have lines of three
	// dots, that is so of each piece between them.
	Old, New string

	// Breaks is the note, fact, row or promise that the mistake ignores.
	Breaks string

	// Tests are words for go test, one string for each run. One of them must fail.
	Tests []string

	// Core says that the tests take seconds, and that every run of CI makes them.
	Core bool

	// Equivalent, if not empty, is why no test can tell the mutant from the source. It
	// is expected to survive.
	Equivalent string

	alone  bool // it cannot be compiled together with others
	number int  // its name among those that are
}

// Package returns the directory of the mutant's file.
func (m *Mutant) Package() string { return path.Dir(m.File) }

// Alone has the mutant planted in a program without others, so that what fails names lines of the source.
func (m *Mutant) Alone() { m.alone = true }

// Dots separates the pieces of an old text, and of the new one.
const Dots = "\n...\n"

// Patched returns the text of the mutant's file with the mistake in it.
func (m *Mutant) Patched(root string) (string, error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return "", err
	}
	text := string(source)
	from, to := strings.Split(m.Old, Dots), strings.Split(m.New, Dots)
	if len(from) != len(to) {
		return "", fmt.Errorf("%s: %s: %d old pieces and %d new ones", m.File, m.Name, len(from), len(to))
	}
	for i, old := range from {
		if text, err = (overlay.Patch{File: m.File, Old: old, New: to[i]}).Apply(text); err != nil {
			return "", fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return text, nil
}
