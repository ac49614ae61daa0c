package lint

import (
	"bytes"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/packages"
)

// program is the folder of a program to which much happens: the comments of its files say what
// the analyzer is to report.
const program = "testdata/program"

// If this fails, the analyzer reports something else than it should, or misses something.
func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, program, Analyzer, "./...")
}

// If this fails, the edit of the imports leaves a file out, or is wrong.
func TestFix(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, program, Analyzer, "./fix")
}

// If this fails, the flag reports nothing more, or changes what is reported of other files.
func TestOfTests(t *testing.T) {
	tests = true
	t.Cleanup(func() { tests = false })
	var got []string
	for _, r := range analysistest.Run(quiet{t}, program, Analyzer, "./intests") {
		for _, d := range r.Action.Diagnostics {
			got = append(got, d.Message)
		}
	}
	want := []string{
		`net.Dial stays on net; import net "github.com/a57b2d82/netpoller" in place of "net"`,
		"httptest.NewServer stays on net; " + remedies["net/http/httptest.NewServer"],
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// quiet is a test that expects what no comment wants.
type quiet struct{ *testing.T }

func (quiet) Errorf(string, ...any) {}

// lines are places in files: "breaks/breaks.go:15".
type lines map[string]bool

func (l lines) sorted() []string { return slices.Sorted(maps.Keys(l)) }

// If this fails, the analyzer says that code does not compile after the swap which does, or
// keeps silent of some that does not: it is compared with what the compiler says once the
// imports are edited.
func TestBreaksAreTheCompilers(t *testing.T) {
	dir := t.TempDir()
	want := lines{}
	for name, text := range programFiles(t) {
		for i, line := range strings.Split(text, "\n") {
			if strings.Contains(line, "does not compile once net is netpoller") {
				want[name+":"+strconv.Itoa(i+1)] = true
			}
		}
		write(t, filepath.Join(dir, name), swapImport(t, name, text))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(program, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(text))
	}
	for path, to := range map[string]string{modulePath: "..", "example.com/dep": "testdata/dep"} {
		abs, err := filepath.Abs(to)
		if err != nil {
			t.Fatal(err)
		}
		output(t, dir, "go", "mod", "edit", "-replace="+path+"="+abs)
	}
	out := output(t, dir, "go", "build", "-gcflags=-e", "./...") // -e: all errors
	got := lines{}
	for _, m := range regexp.MustCompile(`(?m)^(\S+\.go:[0-9]+):[0-9]+: `).FindAllStringSubmatch(out, -1) {
		got[filepath.ToSlash(m[1])] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("the compiler:  %q\nthe analyzer: %q\n%s", got.sorted(), want.sorted(), out)
	}
	if len(want) < 15 {
		t.Errorf("only %d lines break", len(want))
	}
}

// programFiles returns the Go files of the program by their names in it.
func programFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(program), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".go") {
			var text []byte
			text, err = os.ReadFile(filepath.Join(program, name))
			files[name] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// swapImport returns a file with its import of net edited, as README.md says, unless it imports
// netpoller already.
func swapImport(t *testing.T, name, text string) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, strconv.Quote(modulePath)+"\n") {
		return text
	}
	for _, spec := range file.Imports {
		if spec.Path.Value == `"net"` {
			from, as := fset.Position(spec.Path.Pos()).Offset, ""
			if spec.Name == nil {
				as = "net "
			}
			return text[:from] + as + strconv.Quote(modulePath) + text[from+len(spec.Path.Value):]
		}
	}
	return text
}

func write(t *testing.T, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o777)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// output returns what a command prints, which may fail.
func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return string(out)
}

// loaded returns package net and the library, with their types.
func loaded(t *testing.T) (net, library *types.Package) {
	t.Helper()
	config := &packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps, Dir: program,
		Env: append(os.Environ(), "GOWORK=off", "GOOS=linux")}
	pkgs, err := packages.Load(config, "net", modulePath)
	if err != nil || packages.PrintErrors(pkgs) > 0 {
		t.Fatal("no packages: ", err)
	}
	for _, p := range pkgs {
		if p.PkgPath == "net" {
			net = p.Types
		} else {
			library = p.Types
		}
	}
	return net, library
}

// If this fails, the library has a type of its own that the analyzer takes for package net's,
// or the other way round.
func TestTypesThatDiffer(t *testing.T) {
	net, library := loaded(t)
	var want []string
	for _, name := range net.Scope().Names() {
		theirs, isType := net.Scope().Lookup(name).(*types.TypeName)
		if isType && theirs.Exported() && !types.Identical(theirs.Type(), library.Scope().Lookup(name).Type()) {
			want = append(want, name)
		}
	}
	if !slices.Equal(want, differ) {
		t.Errorf("differ is %q, and should be %q", differ, want)
	}
}

// If this fails, the package that stands for the library has another API than package net, but
// for the types that differ, and errors are reported that there are not.
func TestSwappedPackage(t *testing.T) {
	net, _ := loaded(t)
	swapped := swap(net)
	api := func(pkg *types.Package) string {
		var b bytes.Buffer
		own := func(p *types.Package) string {
			if p == pkg || p == net {
				return "net"
			}
			return p.Path()
		}
		for _, name := range pkg.Scope().Names() {
			obj := pkg.Scope().Lookup(name)
			if !obj.Exported() {
				continue
			}
			if _, isType := obj.(*types.TypeName); !isType {
				b.WriteString(types.ObjectString(obj, own) + "\n")
				continue
			}
			b.WriteString("type " + name + "\n")
			for m := range types.NewMethodSet(types.NewPointer(obj.Type())).Methods() {
				if m.Obj().Exported() {
					b.WriteString(name + "." + m.Obj().Name() + types.TypeString(m.Type(), own) + "\n")
				}
			}
			if s, ok := obj.Type().Underlying().(*types.Struct); ok {
				for f := range s.Fields() {
					if f.Exported() {
						b.WriteString(name + "." + f.Name() + " " + types.TypeString(f.Type(), own) + "\n")
					}
				}
			}
		}
		return b.String()
	}
	if got, want := api(swapped), api(net); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range differ {
		if types.Identical(swapped.Scope().Lookup(name).Type(), net.Scope().Lookup(name).Type()) {
			t.Errorf("%s is package net's", name)
		}
	}
}

// If this fails, package net has a function that opens a socket and that the analyzer does not
// know.
func TestOpeners(t *testing.T) {
	net, _ := loaded(t)
	own := []string{"*net.TCPConn", "*net.UDPConn", "*net.IPConn", "*net.UnixConn", "*net.TCPListener", "*net.UnixListener"}
	var missing []string
	check := func(f *types.Func) {
		results := f.Signature().Results()
		if f.Exported() && f.Name() != "Pipe" && results.Len() > 0 &&
			(isConn(results.At(0).Type()) || slices.Contains(own, results.At(0).Type().String())) && !slices.Contains(openers, fullName(f)) {
			missing = append(missing, fullName(f))
		}
	}
	for _, name := range net.Scope().Names() {
		switch obj := net.Scope().Lookup(name).(type) {
		case *types.Func:
			check(obj)
		case *types.TypeName:
			if is(obj.Type(), "net.Dialer", "net.ListenConfig") {
				for m := range types.NewMethodSet(types.NewPointer(obj.Type())).Methods() {
					check(m.Obj().(*types.Func))
				}
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("not in openers: %q", missing)
	}
}
