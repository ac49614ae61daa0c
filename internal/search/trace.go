package search

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// A Line is one of a counterexample: a step of a goroutine, or what came of them.
type Line struct {
	Goroutine string   `json:"goroutine,omitempty"`
	Called    string   `json:"called,omitempty"` // what it does: load, cas, lock ...
	Object    string   `json:"object,omitempty"` // to what
	Was       string   `json:"was"`              // the object's value
	Is        string   `json:"is"`               // and after the step
	File      string   `json:"file,omitempty"`   // of the code under test
	Number    int      `json:"line,omitempty"`
	Source    string   `json:"source,omitempty"` // that line
	Functions []string `json:"functions,omitempty"`
	IDs       []string `json:"ids,omitempty"`  // that stand in the comments of these lines
	Text      string   `json:"text,omitempty"` // of what is no step
}

// columns returns the lines as text, in columns that are as wide as they must be.
func columns(lines []Line) (text []string) {
	object, change := 0, 0
	for _, l := range lines {
		object, change = max(object, len(l.Object)), max(change, len(l.change()))
	}
	for _, l := range lines {
		if l.Text == "" {
			l.Text = fmt.Sprintf("%-10s %-8s%-*s %-*s %s", l.Goroutine, l.Called, object, l.Object, change, l.change(), l.where())
		}
		text = append(text, strings.TrimRight(l.Text, " "))
	}
	return text
}

// change is what becomes of the object's value.
func (l Line) change() string {
	if l.Is != l.Was {
		return l.Was + " -> " + l.Is
	}
	return l.Was
}

// where tells where the code under test is: the line of the innermost function, who called it,
// and the ids.
func (l Line) where() string {
	at := ""
	if l.File != "" {
		at = fmt.Sprintf("%s:%d ", l.File, l.Number)
	}
	return strings.TrimSpace(at + strings.Join(l.Functions, " < ") + "  " + strings.Join(l.IDs, " "))
}

// trace adds a step to the counterexample.
func (e *Explorer) trace(g *goroutine, o *object, val uint64) {
	if o.name == "" {
		for i := range e.roots {
			e.roots[i].nameAll()
		}
	}
	l := here()
	l.Goroutine, l.Called, l.Object, l.Was, l.Is = g.name, g.called.String(), o.String(), o.value(o.val), o.value(val)
	e.Trace = append(e.Trace, l)
}

// here returns a Line with the place where the code under test is.
func here() (l Line) {
	frames(func(f runtime.Frame, name string) {
		if l.File == "" {
			l.File, l.Number, l.Source = filepath.Base(f.File), f.Line, strings.TrimSpace(sourceAt(f.File, f.Line))
		}
		l.Functions = append(l.Functions, name)
		l.IDs = append(l.IDs, idsAt(f.File, f.Line)...)
	})
	return l
}

func callers() (all []string) {
	frames(func(_ runtime.Frame, name string) { all = append(all, name) })
	return all
}

var idOf = regexp.MustCompile(`\b([OEU][1-6]|I[1-7]|D[1-3]|HB-[1-9]|DOC: [a-z-]+)\b`)

// sources are the lines of the files that traces have met.
var sources = map[string][]string{}

// sourceAt returns a line, or nothing without the file.
func sourceAt(file string, line int) string {
	lines, ok := sources[file]
	if !ok {
		text, _ := os.ReadFile(file)
		lines = strings.Split(string(text), "\n")
		sources[file] = lines
	}
	if line > len(lines) {
		return ""
	}
	return lines[line-1]
}

// idsAt returns the ids in the comment of a line.
func idsAt(file string, line int) []string {
	_, comment, _ := strings.Cut(sourceAt(file, line), "//")
	return idOf.FindAllString(comment, -1)
}

// frames calls each for the functions of the code under test on the stack, the innermost
// first.
func frames(each func(f runtime.Frame, name string)) {
	var pcs [48]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if name := f.Function[strings.LastIndexByte(f.Function, '/')+1:]; !outside(name, f.File) {
			each(f, name[strings.LastIndexByte(name, '.')+1:])
		}
		if !more {
			return
		}
	}
}

// outside reports whether a function is none of the code under test.
func outside(name, file string) bool {
	return strings.HasPrefix(name, "search.") || strings.HasPrefix(name, "runtime.") ||
		strings.HasPrefix(name, "iter.") || strings.HasPrefix(name, "testing.") ||
		strings.HasSuffix(file, "_test.go")
}
