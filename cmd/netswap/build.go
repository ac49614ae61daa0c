package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// run runs the go command over the library.
func (j job) run() error {
	flags, err := readFlags(j.args)
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "netswap")
	if j.dir, err = libraryDir(j.dir); err != nil {
		return err
	}
	files, err := copyLibrary(j.dir)
	if err != nil {
		return fmt.Errorf("copying %s: %w", j.dir, err)
	}
	var added []string // flags of both go commands
	if !flags.pgo {
		// The default profile of a program recompiles what it imports, and not the library.
		added = append(added, "-pgo=off")
	}
	counts := none
	if j.verifies {
		if counts, err = counting(files, cache); err != nil {
			return err
		}
	}
	exportsFile, err := compile(files, cache, counts, append(added, flags.compile...))
	if err != nil {
		return err
	}
	cmd, err := j.goCommand(flags, exportsFile, counts, added)
	if err != nil {
		return err
	}
	if j.verifies {
		return verify(cmd)
	}
	return cmd.Run()
}

// goCommand returns the go command that runs its tools through netswap.
func (j job) goCommand(flags goFlags, exportsFile, counts string, added []string) (*exec.Cmd, error) {
	through, err := toolexecFlag(exportsFile, counts)
	if err != nil {
		return nil, err
	}
	args := append([]string{j.command}, j.args[:flags.chdir]...) // -C must come first
	args = append(args, through)
	args = append(append(args, added...), j.args[flags.chdir:]...)
	cmd := exec.Command("go", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}

// compile compiles the copy of the library, and returns the file that lists its export data.
func compile(files map[string][]byte, cache, counts string, flags []string) (exportsFile string, err error) {
	copied, err := store(files, cache)
	if err != nil {
		return "", err
	}
	if counts != none {
		through, err := toolexecFlag(none, counts)
		if err != nil {
			return "", err
		}
		flags = append(flags, through)
	}
	list, err := exportsOf(copied, flags)
	if err != nil {
		return "", fmt.Errorf("compiling the library: %w", err)
	}
	exportsFile = filepath.Join(cache, fmt.Sprintf("exports-%x", sha256.Sum256(list)))
	return exportsFile, writeFile(exportsFile, list)
}

// exportsOf returns lines path=file for the copy and for all that it imports.
func exportsOf(copied string, flags []string) ([]byte, error) {
	args := []string{"list", "-mod=mod", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}"}
	list, err := command(copied, "go", append(append(args, flags...), ".")...)
	if err == nil && !bytes.Contains(list, []byte(swappedPath+"=")) {
		err = fmt.Errorf("%s has no export data", swappedPath)
	}
	return list, err
}

// goFlags is what netswap has to know of the flags of a go command.
type goFlags struct {
	compile []string // that change how every package is compiled
	pgo     bool     // one of them is -pgo
	chdir   int      // how many arguments -C is, which is the first
}

var (
	// compileFlags are those of compile, and whether they have a value.
	compileFlags = map[string]bool{
		"asan": false, "asmflags": true, "buildmode": true, "compiler": true, "gcflags": true,
		"installsuffix": true, "msan": false, "pgo": true, "race": false, "tags": true, "trimpath": false,
	}

	// valueFlags are the others that have a value. All others have none.
	valueFlags = strings.Fields("C bench benchtime blockprofile blockprofilerate count covermode coverpkg" +
		" coverprofile cpu cpuprofile exec fuzz fuzzminimizetime fuzztime gccgoflags ldflags list memprofile" +
		" memprofilerate mod modfile mutexprofile mutexprofilefraction o outputdir overlay p parallel pkgdir" +
		" run shuffle skip timeout toolexec trace vet vettool")
)

// readFlags reads the flags up to the first argument that is none.
func readFlags(args []string) (f goFlags, err error) {
	for i := 0; i < len(args) && len(args[i]) > 1 && args[i][0] == '-' && args[i] != "--"; i++ {
		name, value, given := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		hasValue, compile := compileFlags[name]
		first := i
		if !given && (hasValue || slices.Contains(valueFlags, name)) && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch {
		case name == "toolexec":
			return f, errors.New("-toolexec is what netswap itself uses")
		case name == "C":
			f.chdir = i + 1
		case (name == "gcflags" || name == "asmflags") && !strings.HasPrefix(value, "all="):
			// These are for the packages that are named.
		case compile:
			f.compile = append(f.compile, args[first:i+1]...)
			f.pgo = f.pgo || name == "pgo"
		}
	}
	return f, nil
}

// quoted returns an argument of -toolexec, which the go command splits at spaces.
func quoted(arg string) string {
	if strings.ContainsAny(arg, " \t'") {
		return `"` + arg + `"`
	}
	return arg
}

// writeFile writes a file that others may read meanwhile, all or nothing.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}
