package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A program that verify builds counts its sockets: package net's in a file that the compiler gets
// with those of package net, ours in one that is added to the copy. Every process of the program
// maps the same file of counters, so what they counted is there however they end.

// countersEnv names the file, and with .log the one of the callers.
const countersEnv = "NETSWAP_COUNTERS"

// The counters are 64 bits each.
const (
	ofNet       = iota // opened by package net
	ofResolver         // opened by package net's resolver
	ofOurs             // opened by this library
	ofQuestions        // opened by package net, to tell this library how it behaves
	numCounters
)

//go:embed count_net.go.txt
var countNet []byte

//go:embed count_fd.go.txt
var countFD []byte

// counting adds what counts to the files of the copy. It returns the file that the compiler is to
// add to package net.
func counting(files map[string][]byte, cache string) (counts string, err error) {
	const name, at = "fd/fd_linux.go", "func (fd *FD) setUp(g *poller.Group) {\n"
	before, after, ok := strings.Cut(string(files[name]), at)
	if !ok {
		return "", fmt.Errorf("%s: this version of the library cannot be verified", name)
	}
	files[name] = []byte(before + at + "\tcountOpened()\n" + after)
	files["fd/count_linux.go"] = countFD
	counts = filepath.Join(cache, fmt.Sprintf("count-%x.go", sha256.Sum256(countNet)))
	return counts, writeFile(counts, countNet)
}

// verify runs cmd, which runs a program that counts, and reports what it has counted.
func verify(cmd *exec.Cmd) error {
	dir, err := os.MkdirTemp("", "netswap")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	counters := filepath.Join(dir, "counters")
	if err := os.WriteFile(counters, make([]byte, 8*numCounters), 0o666); err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), countersEnv+"="+counters)
	failed := cmd.Run()
	b, err := os.ReadFile(counters)
	ran := failed == nil || bytes.ContainsFunc(b, func(r rune) bool { return r != 0 }) // else it may not have compiled
	if err == nil && ran {
		err = report(os.Stderr, b, counters+".log")
	}
	return errors.Join(failed, err)
}

// report says whose sockets were opened, and by which callers package net's were. It fails if
// there were any but those of its resolver and of this library's questions.
func report(w io.Writer, counters []byte, log string) error {
	n := func(i int) uint64 { return binary.NativeEndian.Uint64(counters[8*i:]) }
	fmt.Fprintf(w, "netswap: sockets opened: %d by netpoller, %d by net, %d by net's resolver\n", n(ofOurs), n(ofNet), n(ofResolver))
	if n(ofQuestions) > 0 {
		fmt.Fprintf(w, "netswap: %d by net, to tell netpoller how it behaves\n", n(ofQuestions))
	}
	if n(ofNet) == 0 {
		return nil
	}
	b, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	callers := map[string]int{}
	for line := range strings.Lines(string(b)) {
		callers[strings.TrimSpace(line)]++
	}
	for _, caller := range slices.Sorted(maps.Keys(callers)) {
		fmt.Fprintf(w, "netswap: %d by net for %s\n", callers[caller], caller)
	}
	return errors.New("sockets were opened by net")
}
