package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// toolexecCommand is the command of netswap that the go command runs the tools through. Its
	// arguments are two files, then the tool and its arguments: the file of exports, and the
	// file that is added to package net.
	toolexecCommand = "toolexec"

	none = "-" // stands for no file
)

// rules is this file. Results that other rules made are not taken from the build cache.
//
//go:embed toolexec.go
var rules []byte

// toolexecFlag is the flag of the go command for toolexecCommand.
func toolexecFlag(exportsFile, counts string) (string, error) {
	self, err := os.Executable()
	return "-toolexec=" + quoted(self) + " " + toolexecCommand + " " + quoted(exportsFile) + " " + quoted(counts), err
}

// exports are the files with the export data of the copy and of all that it imports.
type exports map[string]string

func readExports(name string) (exports, []byte, error) {
	if name == none {
		return nil, nil, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	e := exports{}
	for line := range strings.Lines(string(b)) {
		importPath, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		e[importPath] = file
	}
	return e, b, nil
}

// keeps reports whether a package keeps its import of net: the copy imports it.
func (e exports) keeps(importPath string) bool { return e[importPath] != "" }

// toolexec runs a tool of the go command: compile, link and vet with a swapped import.
func toolexec(exportsFile, counts, tool string, args []string) error {
	e, content, err := readExports(exportsFile)
	if err != nil {
		return err
	}
	content = append(content, rules...)
	if counts != none {
		content = append(content, countNet...)
	}
	name := filepath.Base(tool)
	if len(args) == 1 && args[0] == "-V=full" {
		return version(tool, name, content)
	}
	switch {
	case name == "compile" && counts != none && argument(args, "-p") == "net":
		args = append(slices.Clone(args), counts)
	case name == "compile" && counts != none && argument(args, "-p") == modulePath+"/fd":
		err = errors.New("the program imports netpoller itself, so its sockets cannot be verified")
	case e == nil:
	case name == "compile":
		args, err = e.compile(args)
	case name == "link":
		args, err = e.link(args)
	case name == "vet":
		args, err = e.vet(args)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return run(tool, args)
}

// run runs a tool, and explains the error that is netswap's.
func run(tool string, args []string) error {
	cmd := attached(exec.Command(tool, args...))
	var said bytes.Buffer
	cmd.Stderr = io.MultiWriter(os.Stderr, &said)
	err := cmd.Run()
	if err != nil && bytes.Contains(said.Bytes(), []byte("import from "+swappedPath+" expecting ")) {
		fmt.Fprintln(os.Stderr, "netswap: a flag, such as -coverpkg or -linkshared, has the program use other"+
			" packages of the standard library than netpoller was compiled with: leave it away")
	}
	return err
}

// version prints the version of a tool. The build cache keeps results by it, so that of a tool
// that swaps names what it swaps.
func version(tool, name string, content []byte) error {
	out, err := exec.Command(tool, "-V=full").Output()
	if err != nil {
		return err
	}
	line := strings.TrimSpace(string(out))
	if slices.Contains([]string{"compile", "link", "vet"}, name) {
		mark := fmt.Sprintf("netswap%x", sha256.Sum256(content)) // DOC: tool-version
		if fields := strings.Fields(line); len(fields) > 2 && fields[2] == "devel" {
			line += mark // of a toolchain in development only the last field counts: buildID=...
		} else {
			line += " " + mark
		}
	}
	fmt.Println(line)
	return nil
}

// compile returns the arguments with an importcfg in which net is the copy.
func (e exports) compile(args []string) ([]string, error) {
	at := slices.Index(args, "-importcfg") + 1
	importPath := argument(args, "-p")
	if at == 0 || importPath == "" || e.keeps(importPath) {
		return args, nil
	}
	if importPath == "net_test" {
		return nil, errors.New("package net's own tests need package net: run them without netswap")
	}
	return e.extend(args, at, func(cfg []byte) []byte {
		if !bytes.Contains(cfg, []byte("packagefile net=")) {
			return nil
		}
		// DOC: importmap
		return fmt.Appendf(cfg, "importmap net=%s\npackagefile %s=%s\n", swappedPath, swappedPath, e[swappedPath])
	})
}

// argument returns the value of a flag, or "".
func argument(args []string, flag string) string {
	if i := slices.Index(args, flag) + 1; i > 0 && i < len(args) {
		return args[i]
	}
	return ""
}

// link returns the arguments with an importcfg that has the copy and all that it imports.
func (e exports) link(args []string) ([]string, error) {
	at := slices.Index(args, "-importcfg") + 1
	if at == 0 {
		return args, nil
	}
	return e.extend(args, at, func(cfg []byte) []byte {
		have := map[string]bool{}
		for line := range strings.Lines(string(cfg)) {
			if entry, is := strings.CutPrefix(line, "packagefile "); is {
				importPath, _, _ := strings.Cut(entry, "=")
				have[importPath] = true
			}
		}
		for importPath, file := range e {
			if !have[importPath] {
				cfg = fmt.Appendf(cfg, "packagefile %s=%s\n", importPath, file)
			}
		}
		return cfg
	})
}

// extend returns the arguments with another file in place of the one at an index: what change
// makes of it, unless that is nil.
func (e exports) extend(args []string, at int, change func([]byte) []byte) ([]string, error) {
	cfg, err := os.ReadFile(args[at])
	if err != nil {
		return nil, err
	}
	if len(cfg) > 0 && cfg[len(cfg)-1] != '\n' {
		cfg = append(cfg, '\n')
	}
	if cfg = change(cfg); cfg == nil {
		return args, nil
	}
	args = slices.Clone(args)
	args[at] += ".swapped"
	return args, os.WriteFile(args[at], cfg, 0o666)
}

// vet returns the arguments with a configuration in which net is the copy.
func (e exports) vet(args []string) ([]string, error) {
	at := len(args) - 1
	if at < 0 || !strings.HasSuffix(args[at], ".cfg") {
		return args, nil
	}
	b, err := os.ReadFile(args[at])
	if err != nil {
		return nil, err
	}
	var cfg map[string]any
	if err := json.Unmarshal(b, &cfg); err != nil {
		return nil, err
	}
	importPath, _ := cfg["ImportPath"].(string)
	importPath, _, _ = strings.Cut(importPath, " ") // "p [p.test]"
	imports, ok := cfg["ImportMap"].(map[string]any)
	files, ok2 := cfg["PackageFile"].(map[string]any)
	if !ok || !ok2 {
		return nil, errors.New("its configuration has no ImportMap or PackageFile")
	}
	if imports["net"] == nil || e.keeps(importPath) {
		return args, nil
	}
	imports["net"] = swappedPath
	files[swappedPath] = e[swappedPath]
	if b, err = json.Marshal(cfg); err != nil {
		return nil, err
	}
	args = slices.Clone(args)
	args[at] = strings.TrimSuffix(args[at], ".cfg") + ".swapped.cfg"
	return args, os.WriteFile(args[at], b, 0o666)
}
