package main

import (
	"bufio"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The newest package of a series is that with the greatest number, whatever the alphabet says.
func TestCandidates(t *testing.T) {
	names := []string{
		"linux-image-6.1.0-9-amd64", "linux-image-6.1.0-56-amd64", "linux-image-6.1.0-47-amd64",
		"linux-image-6.1.0-57-amd64-unsigned", "linux-image-6.1.0-58-amd64-dbg", "linux-image-amd64",
		"linux-image-6.1.0-59-rt-amd64", "linux-image-6.1.0-60-cloud-arm64",
		"linux-image-6.12.9+deb12-amd64", "linux-image-6.12.100+deb12-amd64", "linux-image-6.12.100+deb13-amd64",
		"linux-image-7.0.4+deb13-arm64-16k", "linux-binary-7.0.4+deb13-arm64-16k", "linux-image-7.0.5+deb13-arm64",
	}
	for want, k := range map[string]kernel{
		"linux-image-6.1.0-56-amd64":                                          {"6.1", "amd64"},
		"linux-image-6.1.0-59-rt-amd64":                                       {"6.1", "rt-amd64"},
		"linux-image-6.1.0-60-cloud-arm64":                                    {"6.1", "cloud-arm64"},
		"linux-image-6.12.100+deb13-amd64":                                    {"newest", "amd64"},
		"linux-binary-7.0.4+deb13-arm64-16k linux-base-7.0.4+deb13-arm64-16k": {"newest", "arm64-16k"},
	} {
		require.Equal(t, want, strings.Join(candidates(names, k)[0], " "))
	}
	require.Equal(t, [][]string{
		{"linux-image-6.1.0-56-amd64"}, {"linux-image-6.1.0-47-amd64"}, {"linux-image-6.1.0-9-amd64"},
	}, candidates(names, kernel{"6.1", "amd64"}))
	require.Empty(t, candidates(names, kernel{"5.10", "amd64"}))
}

// An archive must be what the kernel's documentation says, to the byte.
func TestArchive(t *testing.T) {
	var a archive
	a.file("d/f", modeBinary, []byte("hello"))
	a.file("d/g", modeFile, nil)
	a.device("d/c", 5, 1)
	archived := a.bytes()
	require.Zero(t, len(archived)%4)

	type entry struct {
		name         string
		mode         uint32
		major, minor uint32
		data         string
	}
	var got []entry
	for rest := archived; len(rest) > 0; {
		require.Equal(t, "070701", string(rest[:6]))
		var v [13]uint32
		for i := range v {
			b, err := hex.DecodeString(string(rest[6+8*i : 14+8*i]))
			require.NoError(t, err)
			v[i] = uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		}
		nameEnd := 110 + int(v[11])
		require.Zero(t, rest[nameEnd-1])
		start := (nameEnd + 3) &^ 3
		end := start + int(v[6])
		got = append(got, entry{string(rest[110 : nameEnd-1]), v[1], v[9], v[10], string(rest[start:end])})
		rest = rest[(end+3)&^3:]
	}
	require.Equal(t, []entry{
		{"d", 0o040755, 0, 0, ""}, {"d/f", 0o100755, 0, 0, "hello"}, {"d/g", 0o100644, 0, 0, ""},
		{"d/c", 0o020600, 5, 1, ""}, {"TRAILER!!!", 0, 0, 0, ""},
	}, got)
}

// A console has the kernel's lines between those of the tests, and the end of a line as a
// terminal wants it.
func TestRead(t *testing.T) {
	console := strings.ReplaceAll(`@image 6.1.0-56-amd64 6.1.180-1
@host qemu 7.2.22 tcg, go1.26.8, 2026-11-28
[    0.000000] a line of the kernel's
@kernel 6.1.0-56-amd64 #1 SMP Debian
@out fd ^=== RUN   TestGood
@out fd ^=== RUN   TestGood/sub
@out fd ^--- PASS: TestGood/sub (0.00s)
@out fd ^=== NAME  TestGood
@out fd ^--- PASS: TestGood (0.00s)
@out fd ^=== NAME  
@out fd ^=== RUN   TestBad
@out fd     a_test.go:1: wrong
@out fd ^--- FAIL: TestBad (0.00s)
@out fd ^=== NAME  
@out fd ^=== RUN   TestNo
@out fd     a_test.go:2: not today
@out fd ^--- SKIP: TestNo (0.00s)
@out fd ^=== NAME  
@out fd FAIL
@end fd 3s exit status 1
@out internal/sys ^=== RUN   TestFactNested
@out internal/sys ^--- PASS: TestFactNested (0.00s)
@out internal/sys ^=== NAME  
@out internal/sys PASS
@end internal/sys 1s ok
@done
`, "\n", "\r\n")
	console = strings.ReplaceAll(console, "^", "\x16")
	r, err := read(kernel{"6.1", "amd64"}, strings.NewReader(console))
	require.NoError(t, err)
	require.NoError(t, r.err)
	require.True(t, r.started)
	require.Equal(t, "6.1.0-56-amd64 6.1.180-1", r.image)
	require.Equal(t, "qemu 7.2.22 tcg, go1.26.8, 2026-11-28", r.host)
	fd := r.programs["fd"]
	require.Equal(t, "exit status 1", fd.end)
	require.Equal(t, "3s", fd.took)
	require.Equal(t, []string{"TestGood", "TestGood/sub"}, fd.with("pass"))
	require.Equal(t, []string{"TestBad"}, fd.with("fail"))
	require.Equal(t, []string{"TestNo"}, fd.with("skip"))
	require.Equal(t, "a_test.go:2: not today", strings.TrimSpace(fd.said["TestNo"]))
	require.Equal(t, "2, **1** (1)", fd.counts())
	require.False(t, r.ok())
	require.Equal(t, "seen", r.shows([]string{"TestFactNested"}))
	require.Equal(t, "not run", r.shows([]string{"TestFactNested", "TestNotifyIsAnEdge"}))
	r.programs["internal/sys"].action["TestNotifyIsAnEdge"] = "fail"
	require.Equal(t, "**not seen**", r.shows([]string{"TestFactNested", "TestNotifyIsAnEdge"}))

	cut, _, _ := strings.Cut(console, strings.ReplaceAll("@out internal/sys ^--- PASS", "^", "\x16"))
	r, err = read(kernel{"6.1", "amd64"}, strings.NewReader(strings.Replace(cut, "@kernel", "@tests internal/sys fd conn\n@kernel", 1)))
	require.NoError(t, err)
	require.EqualError(t, r.err, "the machine did not get to its end")
	require.Equal(t, "0, **did not end**", r.programs["internal/sys"].counts())
	require.Equal(t, "0, **did not start**", r.programs["conn"].counts())
	var b strings.Builder
	failuresList(&b, []*result{r})
	require.Equal(t, `Failed:

- 6.1 amd64, internal/sys: did not end; did not end: TestFactNested
- 6.1 amd64, fd: exit status 1; failed: TestBad
- 6.1 amd64, conn: did not start

`, b.String())
}

// A boot that tests some packages must leave what came of the others, unless the kernel is
// another now.
func TestMerge(t *testing.T) {
	k := kernel{"6.1", "amd64"}
	boot := func(image, day string, end string, programs ...string) *result {
		console := "@image " + image + "\n@host " + day + "\n"
		for _, p := range programs {
			console += "@end " + p + " 1s " + end + "\n"
		}
		r, err := read(k, strings.NewReader(console+"@done\n"))
		require.NoError(t, err)
		return r
	}
	ends := func(boots ...*result) map[string]string {
		got := map[string]string{}
		for name, p := range merge(k, boots).programs {
			got[name] = p.end + " " + p.host
		}
		return got
	}
	first, second := boot("a", "Monday", "ok", "timer", "fd"), boot("a", "Tuesday", "exit status 1", "fd", "conn")
	require.Equal(t, map[string]string{
		"timer": "ok Monday", "fd": "exit status 1 Tuesday", "conn": "exit status 1 Tuesday",
	}, ends(first, second))
	require.Equal(t, map[string]string{"fd": "ok Wednesday"}, ends(first, second, boot("b", "Wednesday", "ok", "fd")))
	require.Empty(t, ends())

	var b strings.Builder
	placesTable(&b, []*result{merge(k, []*result{first, second})})
	require.Contains(t, b.String(), "| 6.1 amd64 | a | Monday | timer 1s |\n| 6.1 amd64 | a | Tuesday | fd 1s, conn 1s |\n")
}

// Every fact's test must exist, or the fact counts as not seen.
func TestFactsHaveTests(t *testing.T) {
	for _, f := range facts {
		for _, test := range f.tests {
			require.True(t, declared(t, "internal/sys", test), test)
		}
	}
}

// declared reports whether a package has a test.
func declared(t *testing.T, pkg, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	require.NoError(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}

// The page must have its marks, the columns that are written today, and a row for each kernel.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("../..", page))
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	written, _, ok := strings.Cut(rest, end)
	require.True(t, ok)
	for line := range strings.Lines(tables(nil)) {
		if strings.HasPrefix(line, "| ") {
			require.Contains(t, written, line)
		}
	}
	_, counts, _ := strings.Cut(written, "| kernel | internal/sys |")
	_, shown, _ := strings.Cut(written, "| kernel | a |")
	for _, k := range kernels {
		row := "\n| " + k.String() + " |"
		require.Equal(t, 1, strings.Count(tableOf(counts), row), k)
		require.Equal(t, 1, strings.Count(tableOf(shown), row), k)
	}
}

// tableOf returns the table that a text begins with.
func tableOf(text string) string {
	table, _, _ := strings.Cut(text, "\n\n")
	return table
}

// A signal that ends this program ends the machine too, even by SIGKILL. The machine here is a shell
// that has the console, as this program does, so the console's end is the end of both.
func TestNoMachineIsLeft(t *testing.T) {
	const helper = "NETPOLLER_KERNELS_BOOTS"
	if os.Getenv(helper) != "" {
		ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
		defer stop()
		_ = boot(ctx, "amd64", tcg, "", "", os.Stderr)
		return
	}
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "never"), 0o600))
	machine := "#!/bin/sh\necho it runs >&2\nread line <" + filepath.Join(dir, "never") + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "qemu-system-x86_64"), []byte(machine), 0o755))
	for _, sig := range []os.Signal{os.Interrupt, os.Kill} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoMachineIsLeft$")
		cmd.Env = append(os.Environ(), helper+"=1", "PATH="+dir)
		console, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		line, err := bufio.NewReader(console).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "it runs\n", line)
		require.NoError(t, cmd.Process.Signal(sig))
		_, err = io.Copy(io.Discard, console)
		require.NoError(t, err)
		_ = cmd.Wait()
	}
}
