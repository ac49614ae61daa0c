package main

import (
	"flag"
	"fmt"
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

// If this fails, flags of the environment reach the library, whose files are others, or do not
// reach it, and it is compiled in another way than the program.
func TestFlagsOfTheEnvironment(t *testing.T) {
	p := newProgram(t)
	t.Chdir(p.dir)
	t.Setenv("GOFLAGS", "-race -modfile=x.mod -pgo=a -tags=x")
	f, err := readFlags("build", strings.Fields("-C . -tags y ."))
	require.NoError(t, err)
	env, err := goEnv(f.chdir)
	require.NoError(t, err)
	require.NoError(t, f.addEnv(env))
	require.Equal(t, strings.Fields("-race -tags=x -tags y"), f.compile)
	require.Equal(t, "a", f.pgo)
	require.Equal(t, strings.Fields("-tags y ."), f.rest)
	t.Setenv("GOFLAGS", "-toolexec=time")
	env, err = goEnv(f.chdir)
	require.NoError(t, err)
	require.EqualError(t, f.addEnv(env), "GOFLAGS: -toolexec is what netswap itself uses")

	for name, flags := range map[string]string{"go.mod": "-modfile=x.mod", "overlay.json": "-overlay=x.json", "v": "-v"} {
		p.env = append(p.env, "GOFLAGS="+flags)
		switch name {
		case "go.mod":
			b, err := os.ReadFile(filepath.Join(p.dir, name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(p.dir, "x.mod"), b, 0o666))
		case "overlay.json":
			require.NoError(t, os.WriteFile(filepath.Join(p.dir, "x.json"), []byte("{}"), 0o666))
		}
		require.Contains(t, p.runs(netswap, "run", "."), printed+conn+"\n", flags)
	}
}

// benchmark makes a profile of package os, which the library imports.
const benchmark = `package main

import (
	"os"
	"testing"
)

func Benchmark(b *testing.B) {
	for b.Loop() {
		os.Stat(os.Getenv("HOME"))
	}
}
`

var allWays = flag.Bool("ways", false, "build in ways that compile the standard library again: five minutes, the first time")

// inAllWays skips a test unless -ways is given.
func inAllWays(t *testing.T) {
	if !*allWays {
		t.Skip("compiles the standard library again: -ways")
	}
}

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
			if name != "ldflags" {
				inAllWays(t)
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
	t.Run("flags after the packages", func(t *testing.T) {
		inAllWays(t)
		p := newProgram(t)
		p.env = append(p.env, "WHOSE="+conn)
		p.runs(netswap, "test", ".", "-race", "-count=1")
	})
	t.Run("coverage of the standard library", func(t *testing.T) {
		inAllWays(t)
		p := newProgram(t)
		out, err := p.try(netswap, "test", "-coverpkg=os", ".")
		require.Error(t, err)
		require.Contains(t, out, "netswap: a flag, such as -coverpkg")
	})
	t.Run("tests of net", func(t *testing.T) {
		inAllWays(t)
		p := newProgram(t)
		out, err := p.try(netswap, "test", "net")
		require.Error(t, err)
		require.Contains(t, out, "netswap: compile: package net's own tests need package net")
	})
	t.Run("profile", func(t *testing.T) {
		inAllWays(t)
		p := newProgram(t)
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, "bench_test.go"), []byte(benchmark), 0o666))
		p.runs("go", "test", "-run=^$", "-bench=.", "-cpuprofile=default.pgo", ".")
		require.Equal(t, printed+conn+"\n", p.runs(netswap, "run", "."))
		p.runs(netswap, "build", "-o", "built", ".")
		require.Contains(t, p.runs("go", "version", "-m", "built"), "default.pgo")
	})
	for _, env := range []string{"CGO_ENABLED=0", "GOARCH=arm64"} {
		t.Run(env, func(t *testing.T) {
			inAllWays(t)
			p := newProgram(t)
			p.env = append(p.env, env)
			p.runs(netswap, "build", "-o", "program", ".")
		})
	}
	t.Run("spaces", func(t *testing.T) {
		p := newProgram(t)
		spaced := filepath.Join(t.TempDir(), "a b")
		require.NoError(t, os.Mkdir(spaced, 0o777))
		library, err := filepath.Abs("../..")
		require.NoError(t, err)
		require.NoError(t, os.Symlink(library, filepath.Join(spaced, "library")))
		require.NoError(t, os.Symlink(strings.TrimSpace(p.runs("go", "env", "GOCACHE")), filepath.Join(spaced, "cache")))
		p.env = append(p.env, "GOCACHE="+filepath.Join(spaced, "cache"))
		require.Equal(t, printed+conn+"\n", p.runs(netswap, "-netpoller", filepath.Join(spaced, "library"), "run", "."))
	})
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

	const early = "package main\n\nimport (\n\t\"net\"\n\t\"os\"\n)\n\nfunc init() {\n\tnet.Listen(\"tcp\", %q)\n\tos.Exit(3)\n}\n"
	for addr, questions := range map[string]string{
		"127.0.0.1:0": "$",
		":0":          `netswap: \d+ by net, to tell netpoller how it behaves\n$`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, "early.go"), fmt.Appendf(nil, early, addr), 0o666))
		out, err := p.try(netswap, "verify", "run", ".")
		require.Error(t, err)
		require.Regexp(t, "exit status 3\nnetswap: sockets opened: 1 by netpoller, 0 by net, 0 by net's resolver\n"+questions, out)
	}
}

// If this fails, verify does not see the sockets that a program opens by netpoller itself, and does
// not say so.
func TestVerifyWithoutItsCopy(t *testing.T) {
	compiles(t)
	p := newProgram(t)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "own.go"), []byte("package main\n\nimport _ \""+modulePath+"\"\n"), 0o666))
	p.runs("go", "mod", "edit", "-require="+modulePath+"@v0.0.0", "-replace="+modulePath+"="+root)
	p.runs("go", "mod", "tidy")
	require.Equal(t, printed+conn+"\n", p.runs(netswap, "run", "."))
	out, err := p.try(netswap, "verify", "run", ".")
	require.Error(t, err)
	require.Contains(t, out, "netswap: compile: the program imports netpoller itself, so its sockets cannot be verified")
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
		"lint":          {[]string{"-netpoller", ".", "lint"}, "netswap: . is no checkout of github.com/a57b2d82/netpoller\n"},
		"no help":       {[]string{"verify", "build"}, "netswap: verify takes test or run, not build\nusage: netswap"},
		"late":          {[]string{"test", "-netpoller", "dir"}, "netswap: -netpoller comes before the command"},
		"no folder":     {[]string{"-netpoller"}, "netswap: -netpoller needs a folder, and a command after it\nusage"},
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
	require.Contains(t, p.runs(netswap, "help"), "usage: netswap")
	_, err := download(modulePath + "@v0.0.0-none")
	require.ErrorContains(t, err, modulePath+"@v0.0.0-none, which cannot be had: ")
	require.ErrorContains(t, err, "; name a checkout with -netpoller")
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "main.go"), []byte("package main\n\nimport \"net\"\n\nfunc main() { net.None() }\n"), 0o666))
	out, err := p.try(netswap, "build", ".")
	require.Error(t, err)
	require.Contains(t, out, "main.go:5:19: undefined: net.None")
}

// If this fails, the library is compiled with other flags than the program, and the linker
// refuses it, or a flag's value is taken for a flag or a package.
func TestFlagsOfCompilation(t *testing.T) {
	for args, want := range map[string]string{
		"test ./...":                                 " of ./...",
		"test -race -v ./...":                        "-race of ./...",
		"build -o x -tags a,b . ./c":                 "-tags a,b of . ./c",
		"test -run -race .":                          " of .",
		"build -gcflags=-N -gcflags=all=-N .":        "-gcflags=all=-N of .",
		"build -ldflags -race --trimpath -pgo=off .": "--trimpath of .",
		"build . -race":                              " of . -race",
		"test . ./a -race -run X b -msan":            "-race of . ./a",
		"test . -race -args -msan":                   "-race of .",
		"test":                                       " of ",
		"run -race . -msan":                          "-race of .",
		"run a.go b.go -msan":                        " of a.go b.go",
		"build -- -race":                             " of -race",
		"build -C dir -msan .":                       "-msan of .",
		"test -count 3 -coverprofile f -asan -short": "-asan of ",
	} {
		words := strings.Fields(args)
		f, err := readFlags(words[0], words[1:])
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(f.compile, " ")+" of "+strings.Join(f.packages, " "), args)
	}
	f, err := readFlags("build", strings.Fields("-C dir -v -pgo a -pgo=b -tags x -mod=mod -o y . c"))
	require.NoError(t, err)
	require.Equal(t, []string{"-C", "dir"}, f.chdir)
	require.Equal(t, strings.Fields("-v -tags x -mod=mod -o y . c"), f.rest)
	require.Equal(t, strings.Fields("-tags x -mod=mod"), f.load)
	require.Equal(t, "b", f.pgo)
}

// If this fails, a program is built without its profile, and is slower than with package net, or
// the library is not compiled with it.
func TestProfile(t *testing.T) {
	p := newProgram(t)
	t.Chdir(p.dir)
	chosen := func(args ...string) string {
		f, err := readFlags("build", args)
		require.NoError(t, err)
		require.NoError(t, f.chooseProfile())
		return f.pgo
	}
	own := filepath.Join(p.dir, "default.pgo")
	require.Equal(t, "off", chosen("."), "there is none")
	require.NoError(t, os.WriteFile(own, nil, 0o666))
	require.Equal(t, own, chosen("."))
	require.Equal(t, own, chosen("-pgo=auto", "./..."))
	require.Equal(t, "off", chosen("-pgo=off", "."))
	require.Equal(t, filepath.Join(p.dir, "cpu"), chosen("-pgo", "cpu", "."))
	require.Equal(t, "/cpu", chosen("-pgo=/cpu", "."))
	t.Chdir("..")
	require.Equal(t, own, chosen("-C", "program", "."))
	require.Equal(t, filepath.Join(p.dir, "cpu"), chosen("-C=program", "-pgo=cpu", "."))
}

// If this fails, the library or netlint is compiled with another version of Go than a program
// that asks for one.
func TestToolchain(t *testing.T) {
	version := strings.TrimSpace(newProgram(t).runs("go", "env", "GOVERSION"))
	if !released.MatchString(version) {
		t.Skipf("%s is no release", version)
	}
	for set, want := range map[string]string{"local": "local", "auto": version + "+auto", version: version} {
		t.Setenv("GOTOOLCHAIN", set)
		env, err := goEnv([]string{"-C", newProgram(t).dir})
		require.NoError(t, err)
		require.NoError(t, env.useToolchain())
		require.Equal(t, want, os.Getenv("GOTOOLCHAIN"))
	}
	for version, is := range map[string]bool{"go1.26": true, "go1.26.8": true, "go1.27rc1": true, "devel go1.27-0": false, "go1.26.8 X:a": false, "go1.28-devel_0": false} {
		require.Equal(t, is, released.MatchString(version), version)
	}
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
