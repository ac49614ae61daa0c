package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// goFlags is what netswap has to know of the arguments of a go command.
type goFlags struct {
	chdir    []string // -C and its value, which come first
	dir      string   // the value
	compile  []string // flags that change how every package is compiled, but -pgo
	load     []string // flags that change which packages there are
	pgo      string   // the value of the last -pgo
	packages []string // those that are named
	rest     []string // all but chdir and -pgo
}

var (
	// compileFlags are those of compile, and whether they have a value.
	compileFlags = map[string]bool{
		"asan": false, "asmflags": true, "buildmode": true, "compiler": true, "gcflags": true,
		"installsuffix": true, "msan": false, "race": false, "tags": true, "trimpath": false,
	}

	// loadFlags are those of load. All have a value.
	loadFlags = strings.Fields("mod modfile overlay tags")

	// valueFlags are the others that have a value. All others have none.
	valueFlags = strings.Fields("C bench benchtime blockprofile blockprofilerate count covermode coverpkg" +
		" coverprofile cpu cpuprofile exec fuzz fuzzminimizetime fuzztime gccgoflags ldflags list memprofile" +
		" memprofilerate mod modfile mutexprofile mutexprofilefraction o outputdir overlay p parallel pgo pkgdir" +
		" run shuffle skip timeout toolexec trace vet vettool")
)

// readFlags reads the arguments of a go command, up to those that are the program's. Of these
// commands, only test takes flags after the packages, too.
func readFlags(command string, args []string) (f goFlags, err error) {
	i, ended := 0, false // whether the list of packages has
	for ; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			if command != "test" || ended {
				break
			}
			f.packages = append(f.packages, arg)
			f.rest = append(f.rest, arg)
			continue
		}
		if slices.Contains([]string{"--", "-args", "--args"}, arg) {
			break
		}
		ended = len(f.packages) > 0
		name, value, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		first := i
		if !given && (compileFlags[name] || slices.Contains(valueFlags, name)) && i+1 < len(args) {
			i++
			value = args[i]
		}
		if err := f.add(name, value, args[first:i+1]); err != nil {
			return f, err
		}
	}
	f.rest = append(f.rest, args[i:]...)
	if command != "test" {
		f.packages = packagesOf(command, args[i:])
	}
	return f, nil
}

// packagesOf returns what is named after the flags. After that of run come the program's arguments.
func packagesOf(command string, args []string) []string {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if command != "run" {
		return args
	}
	n := 0
	for n < len(args) && strings.HasSuffix(args[n], ".go") {
		n++
	}
	return args[:min(max(1, n), len(args))]
}

// addEnv adds the flags of the environment, which the go command puts before the others.
func (f *goFlags) addEnv(e environment) error {
	env, err := readFlags("build", strings.Fields(e.GOFLAGS))
	if err != nil {
		return fmt.Errorf("GOFLAGS: %w", err)
	}
	f.compile = append(env.compile, f.compile...)
	if f.pgo == "" {
		f.pgo = env.pgo
	}
	return nil
}

// add adds a flag, which is these arguments.
func (f *goFlags) add(name, value string, args []string) error {
	_, compile := compileFlags[name]
	switch {
	case name == "toolexec":
		return errors.New("-toolexec is what netswap itself uses")
	case name == "netpoller":
		return errors.New("-netpoller comes before the command")
	case name == "C":
		f.chdir, f.dir = args, value
		return nil
	case name == "pgo":
		f.pgo = value
		return nil
	case (name == "gcflags" || name == "asmflags") && !strings.HasPrefix(value, "all="):
		// These are for the packages that are named.
	case compile:
		f.compile = append(f.compile, args...)
	}
	if slices.Contains(loadFlags, name) {
		f.load = append(f.load, args...)
	}
	f.rest = append(f.rest, args...)
	return nil
}

// chooseProfile makes pgo the absolute name of one file, or off. The go command by itself compiles
// a package once for each program with a default.pgo. The library is compiled once.
func (f *goFlags) chooseProfile() (err error) {
	switch f.pgo {
	case "off":
		return nil
	case "", "auto":
	default:
		if !filepath.IsAbs(f.pgo) {
			f.pgo = filepath.Join(f.dir, f.pgo)
		}
		f.pgo, err = filepath.Abs(f.pgo)
		return err
	}
	f.pgo = "off"
	profiles := f.defaultProfiles()
	if len(profiles) == 1 {
		f.pgo = profiles[0]
	} else if len(profiles) > 1 {
		fmt.Fprintf(os.Stderr, "netswap: built without %s: name one program, or say -pgo\n", strings.Join(profiles, ", "))
	}
	return nil
}

// defaultProfiles returns the files default.pgo of the programs that are named.
func (f *goFlags) defaultProfiles() (names []string) {
	args := slices.Concat([]string{"list"}, f.chdir, []string{"-find", "-e", "-f", `{{if eq .Name "main"}}{{.Dir}}{{end}}`},
		f.load, []string{"--"}, f.packages)
	out, _ := exec.Command("go", args...).Output() // the go command itself says what is wrong
	for line := range strings.Lines(string(out)) {
		name := filepath.Join(strings.TrimSuffix(line, "\n"), "default.pgo")
		if _, err := os.Stat(name); err == nil {
			names = append(names, name)
		}
	}
	return names
}
