package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// netlint is the command that lint runs go vet with. Its module is a folder of the library's.
const netlint = "cmd/netlint"

// lint runs go vet with the analyzer of module lint, in the program as it is.
func (j job) lint() error {
	flags, err := readFlags("vet", j.args)
	if err != nil {
		return err
	}
	env, err := goEnv(flags.chdir)
	if err != nil {
		return err
	}
	if err := env.useToolchain(); err != nil {
		return err
	}
	bin, err := j.buildNetlint(env.GOVERSION)
	if err != nil {
		return err
	}
	args := append([]string{"vet"}, flags.chdir...) // -C must come first
	args = append(args, "-vettool="+filepath.Join(bin, filepath.Base(netlint)))
	return attached(exec.Command("go", append(args, flags.rest...)...)).Run()
}

// buildNetlint compiles netlint into a folder of its own: from a checkout of the library, or the
// version of this command, which the go command downloads.
func (j job) buildNetlint(goVersion string) (bin string, err error) {
	dir, err := libraryDir(j.dir)
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	bin = filepath.Join(cache, fmt.Sprintf("bin-%x", sha256.Sum256([]byte(dir+"\n"+goVersion))))
	cmd := exec.Command("go", "install", "./"+netlint)
	cmd.Dir = filepath.Join(dir, "lint")
	if !isDir(cmd.Dir) { // the module of the library does not contain it
		version, err := ownVersion()
		if err != nil {
			return "", err
		}
		cmd = exec.Command("go", "install", modulePath+"/lint/"+netlint+"@"+version)
	}
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOBIN="+bin, "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if cmd.Dir != "" {
		cmd.Env = append(cmd.Env, "PWD="+cmd.Dir)
	}
	return bin, attached(cmd).Run()
}

// attached returns cmd with the input and the outputs of this command.
func attached(cmd *exec.Cmd) *exec.Cmd {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}
