package networks

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

var write = flag.Bool("write", false, "write docs/reference/networks.md")

var ctx = context.Background()

// A scenario is something that happens to sockets.
type scenario struct {
	name, happens string
	run           func(l *lab)
}

// A section is the scenarios of one kind.
type section struct {
	title     string
	scenarios []scenario
	quick     bool // run in short mode too
}

var sections = []section{
	{"Packets that are lost, doubled, late", carrying, true},
	{"What breaks, and mends", broken, false},
	{"Packets that neither end has sent", injected, false},
	{"Peers that stop, die, and do not read", peers, false},
	{"Connections that nobody has accepted", queues, false},
	{"Urgent data", urgent, true},
}

func scenarioNamed(name string) scenario {
	for _, section := range sections {
		for _, s := range section.scenarios {
			if s.name == name {
				return s
			}
		}
	}
	panic("no scenario " + name)
}

func TestMain(m *testing.M) {
	nettest.Children(map[string]func([]string){"scenario": run, "peer": serve})
	flag.Parse()
	must(flag.Set("test.parallel", "12")) // scenarios wait, and hardly compute
	os.Exit(m.Run())
}

// If this fails, a network treats a program otherwise over our sockets than over package
// net's, or both otherwise than the page says.
func TestScenarios(t *testing.T) {
	var mu sync.Mutex
	gave := make(map[string]string)
	t.Run("all", func(t *testing.T) {
		for _, section := range sections {
			for _, s := range section.scenarios {
				t.Run(s.name, func(t *testing.T) {
					if testing.Short() && !section.quick {
						t.Skip("takes seconds")
					}
					t.Parallel()
					row := s.row(compared(t, s))
					mu.Lock()
					defer mu.Unlock()
					gave[s.name] = row
				})
			}
		}
	})
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	if *write && !t.Failed() {
		keepRows(gave, string(text))
		text = []byte(render(gave))
		require.NoError(t, os.WriteFile(page, text, 0o666))
	}
	if !strings.Contains(string(text), "Linux "+nettest.Kernel()) {
		t.Skipf("the page was written on another kernel than %s", nettest.Kernel())
	}
	require.Equal(t, headings(render(nil)), headings(string(text)), "the page's tables; -write writes it")
	for _, row := range gave {
		require.Contains(t, withoutTimes(string(text)), withoutTimes(row), "the page says otherwise; -write writes it")
	}
}

// compared runs a scenario over both sides and returns what both gave. Where only the classes
// of time differ, it runs both again: a busy machine delays some calls, and a call that waits
// where the other does not does so each time.
func compared(t *testing.T, s scenario) []step {
	const tries = 5
	for range tries - 1 {
		theirs, ours := both(t, s)
		if slices.Equal(theirs, ours) {
			return ours
		}
		require.Equal(t, untimed(theirs), untimed(ours), "package net's outcome, and ours")
		t.Logf("took %v with net, %v with ours", theirs, ours)
	}
	theirs, ours := both(t, s)
	require.Equal(t, theirs, ours, "package net's outcome, and ours")
	return ours
}

// untimed returns steps without their classes of time.
func untimed(steps []step) []step {
	steps = slices.Clone(steps)
	for i := range steps {
		steps[i].Took = anyTime
	}
	return steps
}

// both runs a scenario over both sides.
func both(t *testing.T, s scenario) (theirs, ours []step) {
	ran := t.Run("run", func(t *testing.T) {
		t.Run("net", func(t *testing.T) { t.Parallel(); theirs = outcome(t, s, "net") })
		t.Run("ours", func(t *testing.T) { t.Parallel(); ours = outcome(t, s, "ours") })
	})
	if !ran {
		t.FailNow()
	}
	if theirs == nil || ours == nil {
		t.Skip("not both ran")
	}
	return theirs, ours
}

// outcome runs a scenario over one side, again if the machine was too busy to tell at once from
// waited.
func outcome(t *testing.T, s scenario, side string) []step {
	const tries = 3
	var r report
	for range tries {
		r = report{}
		out := nettest.Alone(t, "scenario", s.name, side)
		require.NoError(t, json.Unmarshal([]byte(out), &r), "%s", out)
		if r.NoWire != "" {
			t.Skipf("no tunnel: %s", r.NoWire)
		}
		if r.Stall < longestStall {
			require.Empty(t, r.Failed)
			return r.Steps
		}
		t.Logf("stood still for %v, with %v %s", r.Stall, r.Steps, r.Failed)
	}
	t.Skipf("the machine is too busy")
	return nil
}

const page = "../../docs/reference/networks.md"

// keepRows adds to what the scenarios gave the rows of the page for those that did not run.
func keepRows(gave map[string]string, page string) {
	for line := range strings.Lines(page) {
		name, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if _, ran := gave[name]; isRow && !ran {
			gave[name] = line
		}
	}
}

// row returns a line of the page.
func (s scenario) row(steps []step) string {
	var all []string
	for _, step := range steps {
		all = append(all, fmt.Sprint(step))
	}
	cells := []string{s.name, s.happens, strings.Join(all, "; ")}
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// render returns the page.
func render(rows map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, opening, quickly, patience, nettest.Kernel(), strings.TrimPrefix(runtime.Version(), "go"))
	for _, section := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n| scenario | what happens | what both gave |\n|---|---|---|\n", section.title)
		for _, s := range section.scenarios {
			b.WriteString(rows[s.name])
		}
	}
	return b.String()
}

const opening = `# Networks that fail

Networks fail and peers misbehave, and the sockets of package net and of this library behave in the same way. Each scenario
runs over both packages, each time in a process and a network namespace of its own, whose packets the test carries through
a tunnel. The last column is the result of both. The test compares the whole chain of errors, with types and addresses.

A call without a mark returned in less than %v. A call that "waited" took longer, and less than a minute. Transfers under
packet loss are not timed. A call that nothing else ends has a deadline, after %v. In these networks the kernel gives up
after seconds: see hurry in internal/networks/broken_linux_test.go.

    go test ./internal/networks          # compares, and compares this page
    go test ./internal/networks -write   # writes this page

Written on Linux %s with Go %s.
`

// withoutTimes returns what the page says without the classes of time: on a busy machine both
// sides may take longer.
func withoutTimes(page string) string {
	return strings.NewReplacer(" ("+string(waited)+")", "", " ("+string(slow)+")", "").Replace(page)
}

// headings returns a page without the rows of its tables, and without the versions.
func headings(page string) (lines []string) {
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "Written ") {
			lines = append(lines, line)
		}
	}
	return lines
}
