package plant

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// To compile the tests once for each of hundreds of mutants takes an hour. So all that can are
// compiled together: a function that a mutant changes is there a second time, with the
// mistake, and the first calls it if that mutant is the one that was planted.

// chosen is the variable that says which one that is, in each package.
const chosen = "plantedMistake"

// variable is the environment variable that it is read from.
const variable = "NETPOLLER_MUTANT"

var errAlone = errors.New("it changes more than functions")

// A source is a file with what was done to it.
type source struct {
	text  string    // of the repository
	pkg   token.Pos // after the name of the package
	decls map[string]*ast.FuncDecl
	file  *token.File
	edits []edit
	tail  strings.Builder // the functions with a mistake in them
}

// An edit inserts a text.
type edit struct {
	at   int
	text string
}

func parse(name, text string) (*source, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := &source{text: text, pkg: f.Name.End(), decls: make(map[string]*ast.FuncDecl), file: fset.File(f.Pos())}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			s.decls[s.part(fn.Pos(), fn.Body.Lbrace)] = fn
		}
	}
	return s, nil
}

func (s *source) part(from, to token.Pos) string {
	return s.text[s.file.Offset(from):s.file.Offset(to)]
}

// outside is the text without the bodies of its functions.
func (s *source) outside() string {
	text := []byte(s.text)
	for _, fn := range s.decls {
		for i := s.file.Offset(fn.Body.Lbrace); i < s.file.Offset(fn.Body.Rbrace); i++ {
			text[i] = 0
		}
	}
	return string(bytes.ReplaceAll(text, []byte{0}, nil))
}

// add puts the functions that a mutant changes beside those of s. It fails with errAlone if
// the mutant cannot be had that way.
func (s *source) add(number int, m *Mutant, text string) error {
	mutant, err := parse(m.File, text)
	if err != nil {
		return err
	}
	if mutant.outside() != s.outside() {
		return errAlone
	}
	for head, fn := range mutant.decls {
		old := s.decls[head]
		body := mutant.part(fn.Body.Lbrace, fn.Body.End())
		if body == s.part(old.Body.Lbrace, old.Body.End()) {
			continue
		}
		name := fmt.Sprintf("%s__%d", fn.Name.Name, number)
		call, ok := forward(fn, name)
		if !ok {
			return errAlone
		}
		before, after := mutant.part(fn.Pos(), fn.Name.Pos()), mutant.part(fn.Name.End(), fn.Body.Lbrace)
		fmt.Fprintf(&s.tail, "\n//line mutant%d.go:1\n%s%s%s%s\n", number, before, name, after, body)
		s.edits = append(s.edits, edit{s.file.Offset(old.Body.Lbrace) + 1, fmt.Sprintf(" if %s == %d { %s };", chosen, number, call)})
	}
	return nil
}

// forward is the statement that calls another function with what fn was called with.
func forward(fn *ast.FuncDecl, name string) (call string, ok bool) {
	var args []string
	for _, p := range fn.Type.Params.List {
		dots := ""
		if _, ok := p.Type.(*ast.Ellipsis); ok {
			dots = "..."
		}
		if len(p.Names) == 0 {
			return "", false
		}
		for _, n := range p.Names {
			if n.Name == "_" {
				return "", false
			}
			args = append(args, n.Name+dots)
		}
	}
	if fn.Recv != nil {
		if len(fn.Recv.List[0].Names) == 0 {
			return "", false
		}
		name = fn.Recv.List[0].Names[0].Name + "." + name
	}
	call = name + "(" + strings.Join(args, ", ") + ")"
	if fn.Type.Results == nil {
		return call + "; return", true
	}
	return "return " + call, true
}

// result is the text with all mutants that were added.
func (s *source) result() string {
	text := s.text
	for at := len(text); at >= 0; at-- { // from the end, where offsets stay true
		for _, e := range s.edits {
			if e.at == at {
				text = text[:at] + e.text + text[at:]
			}
		}
	}
	return text + s.tail.String()
}

// chooser declares the variable that says which mutant was planted.
func (s *source) chooser() {
	s.edits = append(s.edits, edit{s.file.Offset(s.pkg), `; import plantedNumber "strconv"; import plantedIn "syscall"`})
	fmt.Fprintf(&s.tail, "\nvar %s = func() int { v, _ := plantedIn.Getenv(%q); n, _ := plantedNumber.Atoi(v); return n }()\n", chosen, variable)
}

// together returns the files in which all mutants are that can be in one program. It sets
// the number of each of them, which is 0 for the others.
func together(root string, list []Mutant) (files map[string]string, err error) {
	sources := make(map[string]*source)
	for i := range list {
		m := &list[i]
		m.number = 0
		s := sources[m.File]
		if s == nil {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
			if err != nil {
				return nil, err
			}
			if s, err = parse(m.File, string(text)); err != nil {
				return nil, err
			}
			sources[m.File] = s
		}
		if m.alone {
			continue
		}
		text, err := m.Patched(root)
		if err == nil {
			err = s.add(i+1, m, text)
		}
		switch err {
		case nil:
			m.number = i + 1
		case errAlone:
		default:
			return nil, err
		}
	}
	files = make(map[string]string)
	have := make(map[string]bool)
	for name, s := range sources {
		if dir := path.Dir(name); !have[dir] {
			s.chooser()
			have[dir] = true
		}
		files[name] = s.result()
	}
	return files, nil
}
