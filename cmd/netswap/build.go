package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// swap runs a command of the go command over the library in dir, or over that of this command's
// version.
func swap(dir, command string, args []string) error {
	flags, err := readFlags(args)
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "netswap")
	if dir, err = libraryDir(dir); err != nil {
		return err
	}
	copied, err := copyLibrary(dir, cache)
	if err != nil {
		return fmt.Errorf("copying %s: %w", dir, err)
	}
	exports, err := exportsOf(copied, flags)
	if err != nil {
		return err
	}
	exportsFile := filepath.Join(cache, fmt.Sprintf("exports-%x", sha256.Sum256(exports)))
	if err := writeFile(exportsFile, exports); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command("go", command)
	if flags.chdir != "" { // which must come first
		cmd.Args, args = append(cmd.Args, args[:flags.chdirArgs]...), args[flags.chdirArgs:]
	}
	cmd.Args = append(cmd.Args, "-toolexec="+quoted(self)+" "+toolexecCommand+" "+quoted(exportsFile))
	if !flags.pgo && command != "vet" {
		// The default profile of a program recompiles what it imports, and not the library.
		cmd.Args = append(cmd.Args, "-pgo=off")
	}
	cmd.Args = append(cmd.Args, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// exportsOf compiles the copy of the library with the flags that change how packages are
// compiled. It returns lines path=file for the copy and for all that it imports.
func exportsOf(copied string, flags goFlags) ([]byte, error) {
	cmd := exec.Command("go", "list", "-mod=mod", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}")
	cmd.Args = append(cmd.Args, flags.compile...)
	if !flags.pgo {
		cmd.Args = append(cmd.Args, "-pgo=off")
	}
	cmd.Args = append(cmd.Args, ".")
	cmd.Dir = copied
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+copied)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("compiling the library: %w", err)
	}
	if !bytes.Contains(out, []byte(swappedPath+"=")) {
		return nil, fmt.Errorf("compiling the library: %s has no export data", swappedPath)
	}
	return out, nil
}

// goFlags is what netswap has to know of the flags of a go command.
type goFlags struct {
	compile   []string // that change how every package is compiled
	pgo       bool     // one of them is -pgo
	chdir     string   // of -C, which is the first
	chdirArgs int      // how many arguments that flag is
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
			return f, fmt.Errorf("-toolexec is what netswap itself uses")
		case name == "C":
			f.chdir, f.chdirArgs = value, i+1
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
