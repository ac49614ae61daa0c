package plant

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// timeout is how long the tests of one run may take before they say that it is too long,
// and grace how much longer before that is taken for them to be unable to.
const (
	timeout = 2 * time.Minute
	grace   = 30 * time.Second
)

// test runs the tests that are given in words for go test.
func (p *planted) test(words, env string) Result {
	build, pkg, args := command(words)
	i := slices.Index(args, "TestSearch")
	search := i > 0 && args[i-1] == "-test.run"
	if search { // not the test runs, but what it compiles
		args[i] = "TestScenarios"
	}
	bin, err := p.binary(build, pkg, search)
	if err != nil {
		return Result{Verdict: Broken, Output: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout+grace)
	defer cancel()
	args = append([]string{"-test.v=test2json", "-test.failfast", "-test.timeout=" + timeout.String()}, args...)
	c := exec.CommandContext(ctx, bin, args...)
	c.Dir = filepath.Join(p.root, filepath.FromSlash(pkg))
	c.Env = append(os.Environ(), env)
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return Result{Verdict: Hung, Output: string(out)}
	case err != nil && search && bytes.Contains(out, []byte("test timed out")):
		return Result{Verdict: Hung, Output: string(out)} // it has shown nothing
	case err != nil:
		return failure(pkg, out)
	case bytes.Contains(out, []byte("no tests to run")):
		return Result{Verdict: Broken, Output: "no test ran: go test " + words}
	}
	return Result{Verdict: Survived}
}

// command takes words for go test apart: what is for the compiler, the package, and what is
// for the test binary.
func command(words string) (build []string, pkg string, args []string) {
	all := strings.Fields(words)
	for i, w := range all {
		switch name := strings.TrimPrefix(w, "-"); {
		case w == "-args":
			return build, pkg, append(args, all[i+1:]...)
		case w == "-race":
			build = append(build, w)
		case pkg == "" && strings.HasPrefix(w, "."):
			pkg = w
		case w != name && (name == "run" || name == "short" || name == "cpu" || name == "count" || name == "skip" || name == "timeout"):
			args = append(args, "-test."+name)
		default:
			args = append(args, w)
		}
	}
	return build, pkg, args
}

// binary returns a test binary of a package, which it compiles once.
func (p *planted) binary(build []string, pkg string, search bool) (string, error) {
	key := fmt.Sprint(pkg, build, search)
	p.mu.Lock()
	made := p.binaries[key]
	if made == nil {
		bin, compile := fmt.Sprintf("%s.%d.test", p.name, len(p.binaries)), p.compile
		if search {
			compile = p.compileSearch
		}
		made = sync.OnceValues(func() (string, error) { return bin, compile(bin, build, pkg) })
		p.binaries[key] = made
	}
	p.mu.Unlock()
	return made()
}

func (p *planted) compile(bin string, build []string, pkg string) error {
	args := append([]string{"test", "-c", "-vet=off", "-overlay", p.overlay, "-o", bin}, build...)
	c := exec.Command("go", append(args, pkg)...)
	c.Dir = p.root
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// searches are the targets of TestSearch.
var searches = map[string]*overlay.Target{
	"./timer": &overlay.Timer, "./polldesc": &overlay.Polldesc, "./poller": &overlay.Poller, "./fd": &overlay.FD,
}

func (p *planted) compileSearch(bin string, _ []string, pkg string) error {
	dir := bin + ".dir"
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	made, err := searches[pkg].Build(context.Background(), dir, p.patches...)
	if err != nil {
		return err
	}
	return os.Rename(made, bin)
}

// scenario is how a search says in which scenario it has found a counterexample.
var scenario = regexp.MustCompile(`scenarios\.go:\d+: (.+?):`)

// failure reads what a test binary printed.
func failure(pkg string, out []byte) (r Result) {
	r.Verdict, r.Output = Caught, string(out)
	failed, running := "", "" // running is the test that began last, whose name a crash leaves out
	convert := exec.Command("go", "tool", "test2json")
	convert.Stdin = bytes.NewReader(out)
	events, err := convert.Output()
	if err != nil {
		return Result{Verdict: Broken, Output: err.Error()}
	}
	for lines := bufio.NewScanner(bytes.NewReader(events)); lines.Scan(); {
		var event struct{ Action, Test string }
		json.Unmarshal(lines.Bytes(), &event) // what it printed is an event
		switch event.Action {
		case "run":
			running = event.Test
		case "fail":
			failed = cmp.Or(failed, event.Test)
		}
	}
	r.By = strings.TrimPrefix(pkg, "./") + " " + cmp.Or(failed, running)
	if m := scenario.FindSubmatch(out); m != nil {
		r.By = strings.TrimPrefix(pkg, "./") + " TestSearch: " + string(m[1])
	}
	return r
}
