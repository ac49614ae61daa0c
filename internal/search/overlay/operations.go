package overlay

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	module  = "github.com/a57b2d82/netpoller"
	shim    = module + "/internal/search"
	imports = "; import search \"" + shim + "\""
)

// An edit replaces the bytes of a file from from to to.
type edit struct {
	from, to int
	text     string
}

// apply makes edits that do not overlap. Of two at one place the first is made first.
func apply(src string, edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(src[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	return b.String() + src[at:]
}

// operations puts the operations of package search into a file, in the place of those of the
// language and of packages. replaced are the import paths that stand for others.
func operations(name, src string, replaced map[string]string) (string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	r := &rewriter{fset: fset, file: file, replaced: replaced, made: map[ast.Node]bool{}}
	ast.Inspect(file, func(n ast.Node) bool {
		if err == nil {
			err = r.node(n)
		}
		return err == nil
	})
	if err != nil {
		return "", err
	}
	if r.used || strings.Contains(src, "(*search.") { // by memory
		end := r.at(file.Name.End())
		r.edits = append(r.edits, edit{end, end, imports})
	}
	return apply(src, r.edits), nil
}

type rewriter struct {
	fset     *token.FileSet
	file     *ast.File
	replaced map[string]string
	made     map[ast.Node]bool // channel types inside of make
	used     bool              // package search is
	edits    []edit
}

func (r *rewriter) at(p token.Pos) int { return r.fset.Position(p).Offset }

func (r *rewriter) put(from, to token.Pos, text string) {
	r.used = r.used || strings.Contains(text, "search.")
	r.edits = append(r.edits, edit{r.at(from), r.at(to), text})
}

func (r *rewriter) unknown(n ast.Node, what string) error {
	return fmt.Errorf("%s: the search does not know %s", r.fset.Position(n.Pos()), what)
}

// node edits what one node of the syntax tree needs.
func (r *rewriter) node(n ast.Node) error {
	switch n := n.(type) {
	case *ast.ImportSpec:
		r.imported(n)
	case *ast.CallExpr:
		return r.call(n)
	case *ast.ChanType:
		if r.made[n] {
			return nil
		}
		if !isEmptyStruct(n.Value) {
			return r.unknown(n, "channels of anything but struct{}")
		}
		r.put(n.Pos(), n.End(), "*search.Chan")
	case *ast.SendStmt:
		r.put(n.Chan.End(), n.End(), ".Send()")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			r.put(n.Pos(), n.X.Pos(), "")
			r.put(n.X.End(), n.X.End(), ".Receive()")
		}
	case *ast.GoStmt:
		if len(n.Call.Args) > 0 {
			return r.unknown(n, "go statements with arguments")
		}
		r.put(n.Pos(), n.Call.Pos(), "search.Go(")
		r.put(n.Call.Lparen, n.Call.End(), ")")
	case *ast.SelectStmt:
		return r.unknown(n, "select")
	}
	return nil
}

func (r *rewriter) imported(n *ast.ImportSpec) {
	path, err := strconv.Unquote(n.Path.Value)
	if err != nil {
		return
	}
	if with, ok := r.replaced[path]; ok {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if n.Name != nil {
			name = n.Name.Name
		}
		r.edits = append(r.edits, edit{r.at(n.Pos()), r.at(n.End()), name + " " + strconv.Quote(with)})
	}
}

func (r *rewriter) call(n *ast.CallExpr) error {
	f, ok := n.Fun.(*ast.Ident)
	if !ok || len(n.Args) == 0 {
		return nil
	}
	switch f.Name {
	case "make":
		if c, ok := n.Args[0].(*ast.ChanType); ok {
			if len(n.Args) != 2 {
				return r.unknown(n, "channels without room")
			}
			r.made[c] = true
			r.put(n.Pos(), n.Args[1].Pos(), "search.MakeChan(")
		}
	case "close":
		return r.unknown(n, "close")
	}
	return nil
}

func isEmptyStruct(e ast.Expr) bool {
	s, ok := e.(*ast.StructType)
	return ok && s.Fields.NumFields() == 0
}

// standard are the replaced packages of every target.
func standard(more map[string]string) map[string]string {
	all := map[string]string{"sync": shim, "sync/atomic": shim}
	maps.Copy(all, more)
	return all
}
