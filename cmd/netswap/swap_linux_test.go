package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// netswap is this command, compiled.
var netswap string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "netswap")
	if err == nil {
		netswap = filepath.Join(dir, "netswap")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", netswap, ".").CombinedOutput(); err != nil {
			os.Stderr.Write(out)
		}
	}
	code := 1
	if err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// A program is a copy of testdata, where a test may run commands.
type program struct {
	*testing.T
	dir string
	env []string
}

func newProgram(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata")))
	return &program{T: t, dir: filepath.Join(dir, "program"), env: append(os.Environ(), "GOFLAGS=", "GOWORK=")}
}

// runs returns what a command prints, which must succeed.
func (p *program) runs(name string, args ...string) string {
	p.Helper()
	out, err := p.try(name, args...)
	require.NoError(p, err, "%s %s\n%s", name, strings.Join(args, " "), out)
	return out
}

func (p *program) try(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const (
	printed = `hello
<nil> *net.TCPConn *net.TCPListener *net.TCPAddr
*net.OpError dial tcp: lookup tcp/none: unknown port
`
	conn = swappedPath + "/conn" // which declares our connections
)

// If this fails, a program's dependency does not share its types, or prints show that they are
// not package net's.
func TestProgramUsesTheLibrary(t *testing.T) {
	p := newProgram(t)
	require.Equal(t, printed+"net\n", p.runs("go", "run", "."))
	require.Equal(t, printed+conn+"\n", p.runs(netswap, "run", "."))
	p.env = append(p.env, "WHOSE="+conn)
	p.runs(netswap, "test", "-count=1", "./...")
	p.runs(netswap, "vet", "./...")
	p.env = append(p.env, "WHOSE=net")
	p.runs("go", "test", "-count=1", "./...")
	require.NoFileExists(t, filepath.Join(p.dir, "go.sum"), "the program is as before")
}

// compiles skips a test that compiles a part of the standard library again.
func compiles(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for a minute, the first time")
	}
}

// If this fails, one of the builds is made from packages that the other has compiled.
func TestBuildsDoNotMix(t *testing.T) {
	compiles(t)
	p := newProgram(t)
	build := func(command, output string) []byte {
		p.runs(command, "build", "-o", output, ".")
		b, err := os.ReadFile(filepath.Join(p.dir, output))
		require.NoError(t, err)
		return b
	}
	ordinary, swapped := build("go", "a"), build(netswap, "b")
	require.NotEqual(t, ordinary, swapped)
	require.True(t, string(ordinary) == string(build("go", "c")), "an ordinary build after a swapped one")
	require.True(t, string(swapped) == string(build(netswap, "d")), "a swapped build after an ordinary one")
	require.Empty(t, p.runs(netswap, "build", "-v", "-o", "e", "."), "all is in the cache")

	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "more.go"), []byte("package main\n\nvar _ = 1\n"), 0o666))
	require.Equal(t, "example.com/program\n", p.runs(netswap, "build", "-v", "-o", "e", "."), "one package has changed")
}

var allWays = flag.Bool("ways", false, "build in ways that compile the standard library again: five minutes, the first time")

// If this fails, a way to build a program cannot be swapped.
func TestWaysToBuild(t *testing.T) {
	compiles(t)
	p := newProgram(t)
	for name, args := range map[string][]string{
		"race":       {"-race"},
		"trimpath":   {"-trimpath"},
		"pie":        {"-buildmode=pie"},
		"tags":       {"-tags", "netgo,osusergo"},
		"no inlines": {"-gcflags=all=-l"},
		"ldflags":    {"-ldflags", "-s -w"},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "ldflags" && !*allWays {
				t.Skip("-ways")
			}
			require.Equal(t, printed+conn+"\n", p.runs(netswap, append(append([]string{"run"}, args...), ".")...))
		})
	}
	t.Run("vendor", func(t *testing.T) {
		p := newProgram(t)
		p.runs("go", "mod", "vendor")
		require.Equal(t, printed+conn+"\n", p.runs(netswap, "run", "-mod=vendor", "."))
	})
	t.Run("workspace", func(t *testing.T) {
		p := newProgram(t)
		p.dir = filepath.Dir(p.dir)
		p.runs("go", "work", "init", "./program", "./dep")
		require.Equal(t, printed+conn+"\n", p.runs(netswap, "run", "./program"))
		require.Equal(t, printed+conn+"\n", p.runs(netswap, "run", "-C", "program", "."))
	})
	t.Run("cover", func(t *testing.T) {
		p := newProgram(t)
		p.env = append(p.env, "WHOSE="+conn)
		require.Contains(t, p.runs(netswap, "test", "-cover", "./..."), "coverage: ")
	})
	for _, env := range []string{"CGO_ENABLED=0", "GOARCH=arm64"} {
		t.Run(env, func(t *testing.T) {
			if !*allWays {
				t.Skip("-ways")
			}
			p := newProgram(t)
			p.env = append(p.env, env)
			p.runs(netswap, "build", "-o", "program", ".")
		})
	}
	t.Run("install", func(t *testing.T) {
		p := newProgram(t)
		bin := t.TempDir()
		p.env = append(p.env, "GOBIN="+bin)
		p.runs(netswap, "install", ".")
		require.Equal(t, printed+conn+"\n", p.runs(filepath.Join(bin, "program")))
	})
}

// If this fails, verify takes sockets of one package for the other's, or loses those of a process
// that ends early.
func TestVerify(t *testing.T) {
	compiles(t)
	p := newProgram(t)
	out := p.runs(netswap, "verify", "run", ".")
	require.Contains(t, out, printed+conn+"\nnetswap: sockets opened: 3 by netpoller, 0 by net, 0 by net's resolver\n")

	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "early.go"), []byte("package main\n\n"+
		"import (\n\t\"net\"\n\t\"os\"\n)\n\nfunc init() {\n\tnet.Listen(\"tcp\", \"127.0.0.1:0\")\n\tos.Exit(3)\n}\n"), 0o666))
	out, err := p.try(netswap, "verify", "run", ".")
	require.Error(t, err)
	require.Contains(t, out, "exit status 3\nnetswap: sockets opened: 1 by netpoller, 0 by net, 0 by net's resolver\n")
}

// If this fails, sockets of package net's are not reported, or without their caller.
func TestReport(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(log, []byte("b.Dial\na.Listen\nb.Dial\n"), 0o666))
	var text strings.Builder
	counters := make([]byte, 8*numCounters)
	counters[8*ofNet], counters[8*ofResolver], counters[8*ofOurs] = 3, 2, 1
	require.Error(t, report(&text, counters, log))
	require.Equal(t, `netswap: sockets opened: 1 by netpoller, 3 by net, 2 by net's resolver
netswap: 1 by net for a.Listen
netswap: 2 by net for b.Dial
`, text.String())
	counters[8*ofNet] = 0
	require.NoError(t, report(&text, counters, log))
}

// If this fails, a mistake is not told, or it is told as something else.
func TestMistakes(t *testing.T) {
	p := newProgram(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":       {nil, "netswap: no command\nusage: netswap"},
		"no command":    {[]string{"get"}, `netswap: unknown command "get"`},
		"no library":    {[]string{"-netpoller", ".", "build"}, "netswap: . is no checkout of github.com/a57b2d82/netpoller\n"},
		"toolexec":      {[]string{"build", "-toolexec=time", "."}, "netswap: -toolexec is what netswap itself uses\n"},
		"no package":    {[]string{"build", "./none"}, "none"},
		"does not type": {[]string{"vet", "-none", "."}, "-none"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := p.try(netswap, c.args...)
			require.Error(t, err, "%s", out)
			require.Contains(t, out, c.want)
		})
	}
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "main.go"), []byte("package main\n\nimport \"net\"\n\nfunc main() { net.None() }\n"), 0o666))
	out, err := p.try(netswap, "build", ".")
	require.Error(t, err)
	require.Contains(t, out, "main.go:5:19: undefined: net.None")
}

// If this fails, the library is compiled with other flags than the program, and the linker
// refuses it, or a flag's value is taken for a flag or a package.
func TestFlagsOfCompilation(t *testing.T) {
	for args, want := range map[string]string{
		"./...":                                 "",
		"-race -v ./...":                        "-race",
		"-o x -tags a,b -run=TestA .":           "-tags a,b",
		"-run -race .":                          "",
		"-gcflags=-N -gcflags=all=-N .":         "-gcflags=all=-N",
		"-ldflags -race --trimpath -pgo=off .":  "--trimpath -pgo=off",
		". -race":                               "",
		"-- -race":                              "",
		"-C dir -msan .":                        "-msan",
		"-count 3 -coverprofile f -asan -short": "-asan",
	} {
		f, err := readFlags(strings.Fields(args))
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(f.compile, " "), args)
		require.Equal(t, strings.Contains(args, "-C"), f.chdir == 2, args)
	}
	f, err := readFlags([]string{"-C=dir", "-race"})
	require.NoError(t, err)
	require.Equal(t, 1, f.chdir)
}

// If this fails, more of a file is changed than its package and its imports, or less.
func TestRewrite(t *testing.T) {
	const file = `// Package netpoller says "github.com/a57b2d82/netpoller/conn".
package netpoller

import (
	"net"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn" // connections
	poll "github.com/a57b2d82/netpoller/poller"
)

const netpoller = "golang.org/x/sys/unix"
`
	const want = `// Package netpoller says "github.com/a57b2d82/netpoller/conn".
package net

import (
	"net"

	unix "github.com/a57b2d82/netpoller/net/internal/golang.org/x/sys/unix"

	conn "github.com/a57b2d82/netpoller/net/conn" // connections
	poll "github.com/a57b2d82/netpoller/net/poller"
)

const netpoller = "golang.org/x/sys/unix"
`
	got, err := rewrite("x.go", []byte(file), true)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	got, err = rewrite("x.go", []byte(file), false)
	require.NoError(t, err)
	require.Equal(t, strings.Replace(want, "package net\n", "package netpoller\n", 1), string(got))
	_, err = rewrite("x.go", []byte("no Go"), true)
	require.Error(t, err)
}
