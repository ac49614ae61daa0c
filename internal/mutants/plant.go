package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A planted mistake is in two files: one for go test -overlay, one for a search.
type planted struct{ root, overlay, patches string }

// plant writes the files of a mutant, or of none.
func (l *lab) plant(name string, m *Mutant) (*planted, error) {
	p := &planted{l.root, filepath.Join(l.dir, name+".json"), filepath.Join(l.dir, name+".patches")}
	replace := make(map[string]string)
	for from, to := range l.hasty {
		replace[from] = to
	}
	patches := []patch{}
	if m != nil {
		text, err := m.patched(l.root)
		if err != nil {
			return nil, err
		}
		if patches, err = m.patches(); err != nil {
			return nil, err
		}
		to := filepath.Join(l.dir, name+".go")
		if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
			return nil, err
		}
		replace[filepath.Join(l.root, filepath.FromSlash(m.File))] = to
	}
	if err := writeJSON(p.overlay, map[string]any{"Replace": replace}); err != nil {
		return nil, err
	}
	return p, writeJSON(p.patches, patches)
}

func writeJSON(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o666)
}

// timeout is how long the tests of one run may take.
const timeout = time.Minute

// test runs go test.
func (p *planted) test(words string) (r result) {
	args := []string{"test", "-json", "-vet=off", "-count=1", "-failfast", "-timeout", timeout.String()}
	if told := strings.ReplaceAll(words, "{patches}", p.patches); told != words {
		words = told
	} else {
		args = append(args, "-overlay", p.overlay)
	}
	c := exec.Command("go", append(args, strings.Fields(words)...)...)
	c.Dir = p.root
	out, err := c.CombinedOutput()
	if err != nil {
		return failure(out)
	}
	if !bytes.Contains(out, []byte(`"Action":"pass"`)) || bytes.Contains(out, []byte("no tests to run")) {
		return result{verdict: broken, output: "no test ran: go test " + words}
	}
	return result{verdict: survived}
}

// scenario is how a search says in which scenario it has found a counterexample.
var scenario = regexp.MustCompile(`scenarios\.go:\d+: (.+?):`)

// failure reads what go test -json printed.
func failure(out []byte) (r result) {
	r.verdict = broken
	var text strings.Builder
	running := "" // the test that began last, whose name a crash leaves out
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		var event struct{ Action, Package, Test, Output, FailedBuild string }
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			text.Write(append(lines.Bytes(), '\n'))
			continue
		}
		text.WriteString(event.Output)
		if event.Action == "run" {
			running = event.Test
		}
		if event.Action == "fail" && event.FailedBuild == "" && r.verdict == broken {
			r.verdict = caught
			r.by = short(event.Package) + " " + cmp.Or(event.Test, running)
		}
	}
	r.output = text.String()
	if m := scenario.FindStringSubmatch(r.output); m != nil {
		r.by += ": " + m[1]
	}
	if strings.Contains(r.output, "Test killed with quit: ran too long") {
		r.verdict = hung
	}
	return r
}

// short returns a package's path without that of the module.
func short(pkg string) string {
	const module = "github.com/a57b2d82/netpoller"
	if pkg == module {
		return "."
	}
	return strings.TrimPrefix(pkg, module+"/")
}
