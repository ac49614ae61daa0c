package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The newest package of a series is that with the greatest number, whatever the alphabet says.
func TestNewest(t *testing.T) {
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
		got, err := newest(names, k)
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(got, " "))
	}
	_, err := newest(names, kernel{"5.10", "amd64"})
	require.EqualError(t, err, "apt knows no kernel 5.10 amd64")
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
	require.Equal(t, "6.1.0-56-amd64", r.release)
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
	require.True(t, r.sees([]string{"TestFactNested"}))
	require.False(t, r.sees([]string{"TestFactNested", "TestNotifyIsAnEdge"}), "a test that did not run")

	cut, _, _ := strings.Cut(console, "@out internal/sys")
	r, err = read(kernel{"6.1", "amd64"}, strings.NewReader(cut))
	require.NoError(t, err)
	require.EqualError(t, r.err, "the machine did not get to its end")
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

// The page must have its marks, and the columns that are written today.
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
}
