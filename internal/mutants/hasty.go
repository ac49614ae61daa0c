package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What a test waits for with patience, a mutant may never do. These are the places where
// the tests say how long that is, which is minutes, so that a busy machine fails none.
var patient = []string{"internal/nettest/wait.go", "fd/helpers_test.go", "poller/helpers_test.go"}

const (
	patience = "atience = 5 * time.Minute"
	haste    = "atience = 20 * time.Second"
)

// hasty returns an overlay in which tests are less patient.
func hasty(root, dir string) (map[string]string, error) {
	overlay := make(map[string]string)
	for i, name := range patient {
		file := filepath.Join(root, filepath.FromSlash(name))
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if strings.Count(string(text), patience) != 1 {
			return nil, fmt.Errorf("%s does not say %q", name, patience)
		}
		to := filepath.Join(dir, fmt.Sprintf("hasty%d.go", i))
		if err := os.WriteFile(to, []byte(strings.Replace(string(text), patience, haste, 1)), 0o666); err != nil {
			return nil, err
		}
		overlay[file] = to
	}
	return overlay, nil
}
