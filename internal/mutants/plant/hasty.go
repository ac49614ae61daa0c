package plant

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Tests wait for minutes, so that a busy machine fails none, and a mutant may make them wait
// in vain. This constant says how long.
const (
	patient  = "internal/nettest/wait.go"
	patience = "const Patience = 5 * time.Minute"
	haste    = "const Patience = 20 * time.Second"
)

// hasty returns an overlay in which tests are less patient.
func hasty(root, dir string) (map[string]string, error) {
	file := filepath.Join(root, filepath.FromSlash(patient))
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if strings.Count(string(text), patience) != 1 {
		return nil, fmt.Errorf("%s does not say %q", patient, patience)
	}
	to := filepath.Join(dir, "hasty.go")
	if err := os.WriteFile(to, []byte(strings.Replace(string(text), patience, haste, 1)), 0o666); err != nil {
		return nil, err
	}
	return map[string]string{file: to}, nil
}
