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

// run runs the go command over the library.
func (j job) run() error {
	flags, err := readFlags(j.command, j.args)
	if err != nil {
		return err
	}
	env, err := goEnv(flags.chdir)
	if err != nil {
		return err
	}
	if err := flags.addEnv(env); err != nil {
		return err
	}
	if err := env.useToolchain(); err != nil {
		return err
	}
	if err := flags.chooseProfile(); err != nil {
		return err
	}
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	if j.dir, err = libraryDir(j.dir); err != nil {
		return err
	}
	files, err := copyLibrary(j.dir)
	if err != nil {
		return fmt.Errorf("copying %s: %w", j.dir, err)
	}
	counts := none
	if j.verifies {
		if counts, err = counting(files, cache); err != nil {
			return err
		}
	}
	exportsFile, err := compile(files, cache, counts, flags)
	if err != nil {
		return err
	}
	cmd, err := j.goCommand(flags, exportsFile, counts)
	if err != nil {
		return err
	}
	if j.verifies {
		return verify(cmd)
	}
	return cmd.Run()
}

// goCommand returns the go command that runs its tools through netswap.
func (j job) goCommand(flags goFlags, exportsFile, counts string) (*exec.Cmd, error) {
	through, err := toolexecFlag(exportsFile, counts)
	if err != nil {
		return nil, err
	}
	args := append([]string{j.command}, flags.chdir...) // -C must come first
	args = append(args, through, "-pgo="+flags.pgo)
	return attached(exec.Command("go", append(args, flags.rest...)...)), nil
}

// compile compiles the copy of the library, and returns the file that lists its export data.
func compile(files map[string][]byte, cache, counts string, flags goFlags) (exportsFile string, err error) {
	copied, err := store(files, cache)
	if err != nil {
		return "", err
	}
	compiling := append(flags.compile, "-pgo="+flags.pgo)
	if counts != none {
		through, err := toolexecFlag(none, counts)
		if err != nil {
			return "", err
		}
		compiling = append(compiling, through)
	}
	if flags.pgo != "off" {
		// go list reads a profile only where go build has left it in the cache: it does not
		// preprocess one.
		if _, err := command(copied, "go", slices.Concat([]string{"build", "-mod=mod"}, compiling, []string{"."})...); err != nil {
			return "", fmt.Errorf("compiling the library: %w", err)
		}
	}
	list, err := exportsOf(copied, compiling)
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

// quoted returns an argument of -toolexec, which the go command splits at spaces.
func quoted(arg string) string {
	if strings.ContainsAny(arg, " \t'") {
		return `"` + arg + `"`
	}
	return arg
}

// cacheDir returns the folder in which netswap keeps files.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "netswap"), err
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
