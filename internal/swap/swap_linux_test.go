package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, a program prints something else over this library.
func TestProgramsPrintTheSame(t *testing.T) {
	netswap := filepath.Join(t.TempDir(), "netswap")
	out, err := exec.Command("go", "build", "-o", netswap, "../../cmd/netswap").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, name := range []string{"names", "packets", "tcp", "unix"} {
		t.Run(name, func(t *testing.T) {
			want := printed(t, "go", name)
			require.NotEmpty(t, want)
			require.Equal(t, want, printed(t, netswap, name))
			t.Logf("%d lines", strings.Count(want, "\n"))
		})
	}
}

// printed compiles a program with a command and returns what it prints.
func printed(t *testing.T, command, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command(command, "build", "-o", program, "./testdata/"+name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(program).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// If this fails, packages of Go's own do something else over this library: those that compile
// quickly; the list has all.
func TestSomeOfGoPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a part of the standard library")
	}
	r := runner{dir: t.TempDir(), args: []string{"-short"}}
	r.netswap = filepath.Join(r.dir, "netswap")
	var err error
	r.home, err = filepath.Abs("../..")
	require.NoError(t, err)
	out, err := exec.Command("go", "build", "-o", r.netswap, "../../cmd/netswap").CombinedOutput()
	require.NoError(t, err, "%s", out)
	chosen, err := choose("^(net/rpc|net/textproto|log/syslog|net/smtp)$", "")
	require.NoError(t, err)
	require.Len(t, chosen, 4)
	for _, s := range chosen {
		res := r.run(s)
		require.NoError(t, res.err, "%v", res)
		require.Positive(t, res.ours.passed, "%v", res)
	}
}

// If this fails, a test that fails with our package is not reported.
func TestDifferencesAreFound(t *testing.T) {
	const out = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"hello"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
not an event
{"Action":"fail","Package":"p"}
`
	results := parse(out)
	require.Equal(t, map[string]string{"p TestA": "pass", "p TestB": "run", "p ": "fail"}, results)
	require.Equal(t, tally{passed: 1, failed: 1}, count(results))

	good := map[string]string{"p TestA": "pass"}
	for name, c := range map[string]struct {
		net, ours    map[string]string
		differ, both int
		fails        bool
	}{
		"same":              {good, good, 0, 0, false},
		"both fail":         {results, results, 0, 2, false},
		"ours fails":        {good, results, 2, 0, true},
		"ours skips":        {good, map[string]string{"p TestA": "skip"}, 1, 0, true},
		"ours does not run": {good, map[string]string{"p TestC": "pass"}, 2, 0, true},
		"nothing ran":       {nil, nil, 0, 0, true},
		"net fails":         {results, good, 2, 0, false},
	} {
		differ, both, err := compare(c.net, c.ours)
		require.Equal(t, c.fails, err != nil, name)
		require.Len(t, differ, c.differ, name)
		require.Len(t, both, c.both, name)
	}
}

// If this fails, a test that is to be left out runs, or one runs no more that is not, or the page
// does not say so.
func TestSkipped(t *testing.T) {
	s := subject{packages: []string{"./testdata/skipped"}, args: []string{"-short"}}
	results, _, err := runner{}.test(s, "", nil, "go")
	require.NoError(t, err)
	require.Equal(t, tally{passed: 3, failed: 3}, count(results), "%v", results)
	s.skip = map[string]string{"TestFails": "it fails", "TestParent/fails": "it does, too"}
	results, _, err = runner{}.test(s, "", nil, "go")
	require.NoError(t, err)
	require.Equal(t, tally{passed: 4}, count(results), "%v", results)
	require.Equal(t, "left out: TestFails, because it fails; left out: TestParent/fails, because it does, too", result{subject: s}.remarks())
}

// If this fails, writing some results loses others.
func TestPageKeepsRows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(name, []byte("before\n"+tables+end+"after\n"), 0o666))
	first, second := result{subject: subjects[0], ours: tally{passed: 1}}, result{subject: subjects[1], ours: tally{passed: 2}}
	require.NoError(t, writePage(name, []result{second}))
	require.NoError(t, writePage(name, []result{first}))
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	text := string(b)
	require.True(t, strings.HasPrefix(text, "before\n"))
	require.True(t, strings.HasSuffix(text, "after\n"))
	require.Less(t, strings.Index(text, "1 passed"), strings.Index(text, "2 passed"))
	require.NotContains(t, text, subjects[2].name+",")
	require.Error(t, writePage("swap_linux_test.go", nil))
}
