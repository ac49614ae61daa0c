package search

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// trace adds a step to the counterexample.
func (e *Explorer) trace(g *goroutine, o *object, val uint64) {
	if o.name == "" {
		for i := range e.roots {
			e.roots[i].nameAll()
		}
	}
	change := o.value(o.val)
	if o.val != val {
		change += " -> " + o.value(val)
	}
	e.Trace = append(e.Trace, strings.TrimRight(fmt.Sprintf("%-10s %-8s%-14s %-24s %s", g.name, g.called, o, change, where()), " "))
}

// where tells where the code under test is: the line of the innermost function, who called it,
// and the ids that stand in comments of these lines.
func where() string {
	var at string
	var names, ids []string
	frames(func(f runtime.Frame, name string) {
		if at == "" {
			at = fmt.Sprintf("%s:%d ", filepath.Base(f.File), f.Line)
		}
		names = append(names, name)
		ids = append(ids, idsAt(f.File, f.Line)...)
	})
	return strings.TrimSpace(at + strings.Join(names, " < ") + "  " + strings.Join(ids, " "))
}

func callers() (all []string) {
	frames(func(_ runtime.Frame, name string) { all = append(all, name) })
	return all
}

var idOf = regexp.MustCompile(`\b([OEU][1-6]|I[1-7]|D[1-3]|HB-[1-9]|DOC: [a-z-]+)\b`)

// sources are the lines of the files that traces have met.
var sources = map[string][]string{}

// idsAt returns the ids in the comment of a line.
func idsAt(file string, line int) []string {
	lines, ok := sources[file]
	if !ok {
		text, _ := os.ReadFile(file) // without it there are no ids
		lines = strings.Split(string(text), "\n")
		sources[file] = lines
	}
	if line > len(lines) {
		return nil
	}
	_, comment, _ := strings.Cut(lines[line-1], "//")
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
