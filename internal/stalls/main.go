// Stalls runs tests as a busy machine does: it stops their threads between statements.
//
//	go run ./internal/stalls [-rounds N] [-often P] [-longest D] package... [-- flag of go test...]
//
// A test that sets a deadline and relies on what it does before it comes fails here after a few
// rounds, and elsewhere once in a thousand. The sources stay as they are: the tests are compiled
// with go test -overlay from copies that have a call before each statement.
//
// Where it stands: beside all packages. It knows none of them.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 3, "how often the tests are run, or until one fails")
	often := flag.Float64("often", 0.2, "the chance of a statement to stop its thread; each does so once a round at most")
	longest := flag.Duration("longest", 50*time.Millisecond, "the longest stop")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *often, *longest, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "stalls:", err)
		os.Exit(1)
	}
}

// run runs the tests of packages. The args after "--" are flags of go test.
func run(ctx context.Context, rounds int, often float64, longest time.Duration, args []string) error {
	packages, flags := args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		packages, flags = args[:i], args[i+1:]
	}
	if len(packages) == 0 || rounds <= 0 || often < 0 || often > 1 || longest <= 0 {
		return fmt.Errorf("it needs packages, rounds, a chance from 0 to 1, and a time")
	}
	temp, err := os.MkdirTemp("", "stalls")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	overlay, err := write(ctx, temp, often, longest, packages)
	if err != nil {
		return err
	}
	command := slices.Concat([]string{"test", "-vet=off", "-count=1", "-overlay=" + overlay}, flags, packages)
	for range rounds {
		cmd := exec.CommandContext(ctx, "go", command...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return err
		}
	}
	return nil
}

// write writes the copies into temp, and returns the file for the flag -overlay.
func write(ctx context.Context, temp string, often float64, longest time.Duration, packages []string) (string, error) {
	const tests = `{{$dir := .Dir}}{{range .TestGoFiles}}{{$dir}}/{{.}}
{{end}}{{range .XTestGoFiles}}{{$dir}}/{{.}}
{{end}}`
	list := exec.CommandContext(ctx, "go", append([]string{"list", "-f", tests}, packages...)...)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	put := func(name, text string) error {
		replace[name] = filepath.Join(temp, fmt.Sprint(len(replace), "_", filepath.Base(name)))
		return os.WriteFile(replace[name], []byte(text), 0o666)
	}
	functions := map[string]*function{} // by the file that has one
	for _, name := range strings.Fields(string(out)) {
		src, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		text, err := instrument(name, string(src), functions)
		if err != nil {
			return "", err
		}
		if err := put(name, text); err != nil {
			return "", err
		}
	}
	for name, f := range functions {
		if err := put(name, fmt.Sprintf(source, f.pkg, f.places, often, longest.Microseconds())); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(temp, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o666)
}

// A function is what the copies of one package call.
type function struct {
	pkg    string // the package's name
	places int    // where it is called
}

// instrument puts a call before each statement of a function, on the same line. It counts the
// calls in functions.
func instrument(name, src string, functions map[string]*function) (string, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	pkg := parsed.Name.Name
	in := filepath.Join(filepath.Dir(name), "stalls_"+pkg+"_test.go")
	if functions[in] == nil {
		functions[in] = &function{pkg: pkg}
	}
	f := functions[in]
	var starts []int
	ast.Inspect(parsed, func(n ast.Node) bool {
		var statements []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			statements = n.List
		case *ast.CaseClause:
			statements = n.Body
		case *ast.CommClause:
			statements = n.Body
		}
		for _, s := range statements {
			switch s.(type) {
			case *ast.CaseClause, *ast.CommClause, *ast.EmptyStmt: // no places for a statement
			default:
				starts = append(starts, fset.Position(s.Pos()).Offset)
			}
		}
		return true
	})
	slices.Sort(starts)
	var b strings.Builder
	last := 0
	for _, start := range starts {
		fmt.Fprintf(&b, "%sstall%s(%d); ", src[last:start], pkg, f.places)
		f.places++
		last = start
	}
	b.WriteString(src[last:])
	return b.String(), nil
}

// source is a function's. A system call stops the thread, so time goes on in a bubble of
// testing/synctest too.
const source = `package %[1]s

import (
	"math/rand/v2"
	"sync/atomic"
	"syscall"
)

var stalled [%[2]d + 1]atomic.Bool

func stall%[1]s(place int) {
	if !stalled[place].Load() && rand.Float64() < %[3]g && !stalled[place].Swap(true) {
		pause := syscall.NsecToTimespec(1000 * rand.Int64N(%[4]d + 1))
		syscall.Nanosleep(&pause, nil)
	}
}
`
