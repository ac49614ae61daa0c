package resources

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

var write = flag.Bool("write", false, "write docs/reference/resources.md")

func TestMain(m *testing.M) {
	nettest.Children(map[string]func([]string){
		"cold": cold, "descriptors": descriptors, "refused": refused, "used up": usedUp, "ports": ports,
	})
	os.Exit(m.Run())
}

// outcomes runs the program of a child over one side.
func outcomes(t *testing.T, program, side string) (all []outcome) {
	t.Helper()
	out := nettest.Child(t, program, side)
	if strings.HasPrefix(out, cannotFilter) {
		t.Skip(out)
	}
	decode(t, out, &all)
	return all
}

func decode(t *testing.T, text string, all *[]outcome) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), all))
}

const page = "../../docs/reference/resources.md"

// table compares a table with the one that the page has below a heading, or writes it there. On
// another kernel, or with another version of Go, than the page was written with, the table may
// be another.
func table(t *testing.T, heading string, rows []string) {
	t.Helper()
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	text, made := string(b), "Written on Linux "+nettest.Kernel()+" with Go "+goVersion()+"."
	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	require.True(t, found, "a heading %q", heading)
	start := len(text) - len(rest) + strings.Index(rest, "|---")
	start += strings.Index(text[start:], "\n") + 1
	end := start
	for strings.HasPrefix(text[end:], "| ") {
		end += strings.Index(text[end:], "\n") + 1
	}
	want := strings.Join(rows, "")
	switch {
	case *write:
		text = text[:start] + want + text[end:]
		text = regexp.MustCompile(`Written on .*`).ReplaceAllLiteralString(text, made)
		require.NoError(t, os.WriteFile(page, []byte(text), 0o666))
	case !strings.Contains(text, made):
		t.Logf("not compared with the page: this is Linux %s and Go %s", nettest.Kernel(), goVersion())
	default:
		require.Equal(t, text[start:end], want, "the page, and what came out; -write writes it")
	}
}

// goVersion returns the version of Go without its last number: 1.26.
func goVersion() string {
	parts := strings.SplitN(strings.TrimPrefix(runtime.Version(), "go"), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// row returns a row of a table.
func row(cells ...any) string {
	var b strings.Builder
	for _, c := range cells {
		fmt.Fprintf(&b, "| %v ", c)
	}
	return b.String() + "|\n"
}

// rows returns a table of outcomes.
func rows(outcomes []outcome) (all []string) {
	for _, o := range outcomes {
		all = append(all, row(o.Call, orOK(o.Short), orOK(o.Again)))
	}
	return all
}

func orOK(text string) string {
	if text == "" {
		return "ok"
	}
	return text
}
