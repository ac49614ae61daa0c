package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// An environment is what netswap has to know of go env in the folder of the program.
type environment struct{ GOFLAGS, GOTOOLCHAIN, GOVERSION string }

// goEnv returns it. chdir is the flag -C, or nothing.
func goEnv(chdir []string) (e environment, err error) {
	cmd := exec.Command("go", slices.Concat([]string{"env"}, chdir, []string{"-json", "GOFLAGS", "GOTOOLCHAIN", "GOVERSION"})...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(out, &e)
}

// useToolchain lets all go commands use the version of Go that the program asks for, which may be
// newer than the one that is installed.
func (e environment) useToolchain() error {
	if strings.HasSuffix(e.GOTOOLCHAIN, "auto") && released.MatchString(e.GOVERSION) {
		return os.Setenv("GOTOOLCHAIN", e.GOVERSION+"+auto")
	}
	return nil
}

// released matches a version of Go that the go command can download.
var released = regexp.MustCompile(`^go1\.[0-9]+(\.[0-9]+|rc[0-9]+)?$`)
