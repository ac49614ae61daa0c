package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

const (
	// modulePath is the library's.
	modulePath = "github.com/a57b2d82/netpoller"

	// swappedPath is the copy's. It is another one, because the program may import the library.
	swappedPath = modulePath + "/net"
)

// swappedNames are the packages of the copy that are named net, so that their types and errors
// look like package net's.
var swappedNames = []string{modulePath, modulePath + "/conn", modulePath + "/dialer", modulePath + "/listener"}

// libraryDir returns the folder of the library: dir, or that of this command's own source, or
// that of its version, which the go command downloads.
func libraryDir(dir string) (string, error) {
	if dir != "" {
		if !isLibrary(dir) {
			return "", fmt.Errorf("%s is no checkout of %s", dir, modulePath)
		}
		return filepath.Abs(dir)
	}
	if _, source, _, ok := runtime.Caller(0); ok {
		if dir := filepath.Dir(filepath.Dir(filepath.Dir(source))); isLibrary(dir) {
			return dir, nil
		}
	}
	version, err := ownVersion()
	if err != nil {
		return "", err
	}
	return download(modulePath + "@" + version)
}

// download returns the folder of a module in the module cache.
func download(module string) (dir string, err error) {
	out, err := command("", "go", "mod", "download", "-json", module) // which says in JSON what failed
	var got struct{ Dir, Error string }
	if e := json.Unmarshal(out, &got); e != nil {
		return "", errors.Join(err, e)
	}
	if err != nil {
		return "", fmt.Errorf("this command belongs to %s, which cannot be had: %s; name a checkout with -netpoller", module, got.Error)
	}
	return got.Dir, nil
}

// ownVersion returns the version of the library that this command belongs to.
func ownVersion() (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != modulePath {
		return "", errors.New("the version of this command is unknown: say -netpoller DIR")
	}
	return info.Main.Version, nil
}

func isLibrary(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.HasPrefix(mod, []byte("module "+modulePath+"\n"))
}

// copyLibrary returns the files of a copy: the packages of the library in dir, and those that they
// import outside the standard library, as one module without requirements. So the program's own
// versions of those do not matter.
func copyLibrary(dir string) (files map[string][]byte, err error) {
	out, err := command(dir, "go", "list", "-mod=mod", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}={{.Dir}}{{end}}", ".")
	if err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	for line := range strings.Lines(string(out)) {
		importPath, source, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if err := copyPackage(files, importPath, source); err != nil {
			return nil, err
		}
	}
	files["go.mod"] = []byte("module " + swappedPath + "\n\ngo " + goVersion(dir) + "\n")
	return files, nil
}

// goVersion returns the version that the library's go.mod asks for.
func goVersion(dir string) string {
	mod, _ := os.ReadFile(filepath.Join(dir, "go.mod"))
	_, after, _ := strings.Cut(string(mod), "\ngo ")
	version, _, _ := strings.Cut(after, "\n")
	return version
}

// copyPackage adds the files of a package to files, by their names in the copy.
func copyPackage(files map[string][]byte, importPath, source string) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	to := strings.TrimPrefix(copyPath(importPath), swappedPath)
	for _, entry := range entries {
		name := entry.Name()
		ext := filepath.Ext(name)
		if ext != ".go" && ext != ".s" && ext != ".h" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(source, name))
		if err == nil && ext == ".go" {
			b, err = rewrite(name, b, slices.Contains(swappedNames, importPath))
		}
		if err != nil {
			return err
		}
		files[path.Join(".", to, name)] = b
	}
	return nil
}

// copyPath returns what a package outside the standard library is imported as in the copy.
func copyPath(importPath string) string {
	if importPath == modulePath {
		return swappedPath
	}
	if below, ours := strings.CutPrefix(importPath, modulePath+"/"); ours {
		return swappedPath + "/" + below
	}
	return swappedPath + "/internal/" + importPath
}

// rewrite returns a file of the copy: with other imports, and in a package net if swapped.
func rewrite(name string, src []byte, swapped bool) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	var out []byte
	done := 0
	replace := func(from, to token.Pos, text string) {
		out = append(append(out, src[done:offset(from)]...), text...)
		done = offset(to)
	}
	if swapped {
		replace(file.Name.Pos(), file.Name.End(), "net")
	}
	for _, spec := range file.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		if !strings.Contains(importPath, ".") { // the standard library's
			continue
		}
		text := strconv.Quote(copyPath(importPath)) // DOC: copy-requirements
		if spec.Name == nil {                       // the name of the copy may be another
			text = path.Base(importPath) + " " + text
		}
		replace(spec.Path.Pos(), spec.Path.End(), text)
	}
	return append(out, src[done:]...), nil
}

// store writes files into a folder below cache that is named after them, unless it is there.
func store(files map[string][]byte, cache string) (string, error) {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(files[name]), files[name])
	}
	dir := filepath.Join(cache, fmt.Sprintf("netpoller-%x", h.Sum(nil)[:12]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(cache, "new")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	for name, b := range files {
		name = filepath.Join(temp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, b, 0o666); err != nil {
			return "", err
		}
	}
	if err := os.Rename(temp, dir); err != nil && !isDir(dir) { // another netswap may have been faster
		return "", err
	}
	return dir, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// command runs a command, without the flags of the environment, which may be about the program's
// files, and returns what it writes to standard output.
func command(dir string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if dir != "" {
		cmd.Env = append(cmd.Env, "PWD="+dir)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return out, err
}
