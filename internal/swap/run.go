package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A runner runs subjects both ways.
type runner struct {
	home    string // of this module
	dir     string // temporary
	netswap string // the program
	args    []string
}

// A result is what came of a subject.
type result struct {
	subject
	net, ours   tally
	differences []string
	bothFail    []string
	build, swap time.Duration // of the tests, compiled and run with net and with ours
	err         error
}

func (r result) String() string {
	text := fmt.Sprintf("%s\n  net        %v in %v\n  netpoller  %v in %v\n", r.name, r.net, r.build.Round(time.Second), r.ours, r.swap.Round(time.Second))
	for _, name := range r.bothFail {
		text += "  fails both ways: " + name + "\n"
	}
	for _, d := range r.differences {
		text += "  differs: " + d + "\n"
	}
	if r.err != nil {
		text += fmt.Sprintf("  %v\n", r.err)
	}
	return text
}

// run runs a subject's tests with net, then with this library.
func (r runner) run(s subject) (res result) {
	res.subject = s
	dir, err := r.source(s)
	if err != nil {
		res.err = err
		return res
	}
	var control, swapped map[string]string
	if control, res.build, res.err = r.test(s, dir, nil, "go"); res.err != nil {
		return res
	}
	swapped, res.swap, res.err = r.test(s, dir, nil, r.netswap, "-netpoller", r.home)
	if res.err != nil {
		return res
	}
	// A test that fails now and then is run again, both ways.
	for range 3 {
		again := unlike(control, swapped)
		if len(again) == 0 {
			break
		}
		r.rerun(s, dir, again, control, "go")
		r.rerun(s, dir, again, swapped, r.netswap, "-netpoller", r.home)
	}
	res.net, res.ours = count(control), count(swapped)
	res.differences, res.bothFail, res.err = compare(control, swapped)
	return res
}

// test runs the tests of a subject, all or those of a pattern, and returns what came of each.
func (r runner) test(s subject, dir string, pattern []string, command ...string) (results map[string]string, took time.Duration, err error) {
	began := time.Now()
	flags := []string{"test", "-json", "-count=1", "-timeout=10m"}
	words := slices.Concat(s.under, command, flags, s.flags(), r.args, pattern, s.packages)
	// Its error says that a test failed, which the results say too.
	out, err := r.output(dir, words[0], words[1:]...)
	if results = parse(out); len(results) == 0 {
		return nil, 0, fmt.Errorf("no test ran: %v\n%s", err, out)
	}
	return results, time.Since(began), nil
}

// rerun runs tests again, and overwrites those results.
func (r runner) rerun(s subject, dir string, names []string, results map[string]string, command ...string) {
	var tests []string
	for _, name := range names {
		_, test, _ := strings.Cut(name, " ")
		top, _, _ := strings.Cut(test, "/")
		if top != "" && !slices.Contains(tests, top) {
			tests = append(tests, top)
		}
	}
	if len(tests) == 0 {
		return
	}
	again, _, err := r.test(s, dir, []string{"-run=^(" + strings.Join(tests, "|") + ")$"}, command...)
	if err != nil {
		return
	}
	for _, name := range names {
		pkg, _, _ := strings.Cut(name, " ")
		delete(results, pkg+" ") // it failed because of a test that is run again
	}
	maps.Copy(results, again)
}

// source returns a copy of a module's source, which its tests may write to. Go's own packages
// are tested where they are: in another module they have the defaults of its version of Go.
func (r runner) source(s subject) (dir string, err error) {
	if s.std() {
		out, err := r.output("", "go", "env", "GOROOT")
		return filepath.Join(strings.TrimSpace(out), "src"), err
	}
	if s.isImported() {
		return r.importing(s)
	}
	out, err := r.output(r.dir, "go", "mod", "download", "-json", s.name)
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		return "", err
	}
	to, err := os.MkdirTemp(r.dir, "module")
	if err != nil {
		return "", err
	}
	to = filepath.Join(to, "source")
	if err := os.CopyFS(to, os.DirFS(m.Dir)); err != nil {
		return "", err
	}
	return to, filepath.WalkDir(to, writable)
}

// importing returns a module that requires the subject, whose own go.mod has replacements that
// lead out of it.
func (r runner) importing(s subject) (dir string, err error) {
	if dir, err = os.MkdirTemp(r.dir, "importing"); err != nil {
		return "", err
	}
	_, version, _ := strings.Cut(s.name, "@")
	get := []string{"get", "-t"}
	for _, name := range s.packages {
		get = append(get, name+"@"+version)
	}
	for _, args := range [][]string{{"mod", "init", "importing"}, get} {
		if out, err := r.output(dir, "go", args...); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
	}
	return dir, nil
}

// writable makes a file or folder writable. The module cache is read-only, and so is its copy.
func writable(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	return os.Chmod(name, info.Mode().Perm()|0o200)
}

// output runs a command and returns what it printed. It finds no workspace around it.
func (r runner) output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return string(out), err
}
