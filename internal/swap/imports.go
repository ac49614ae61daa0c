package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// module is the package that is imported instead of net.
const module = "github.com/a57b2d82/netpoller"

// swapImport returns a Go file's text with every import of net replaced. Nothing else is
// touched.
func swapImport(name string, text []byte) (swapped []byte, imports int, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.ImportsOnly)
	if err != nil {
		return nil, 0, err
	}
	end := 0
	for _, spec := range f.Imports {
		if spec.Path.Value != `"net"` {
			continue
		}
		imports++
		at := fset.Position(spec.Path.Pos()).Offset
		swapped = append(swapped, text[end:at]...)
		if spec.Name == nil {
			swapped = append(swapped, "net "...) // the package's name is netpoller
		}
		swapped = append(swapped, `"`+module+`"`...)
		end = at + len(spec.Path.Value)
	}
	return append(swapped, text[end:]...), imports, nil
}

// sourceSize says how large a program is, and how much it has to do with net.
type sourceSize struct {
	files, lines int // all Go files, those of tests too
	imports      int // files that import net
	asserts      []string
}

// walkGo calls f for the Go files below dir that belong to its module.
func walkGo(dir string, f func(name string) error) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			if name != dir && (err == nil || d.Name() == "vendor" || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") {
			return f(name)
		}
		return nil
	})
}

// measure reads the module in dir.
func measure(dir string) (size sourceSize, err error) {
	err = walkGo(dir, func(name string) error {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		size.files++
		size.lines += strings.Count(string(text), "\n")
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			if spec.Path.Value == `"net"` {
				size.imports++
			}
		}
		for _, place := range assertions(fset, f) {
			rel, _ := filepath.Rel(dir, name)
			size.asserts = append(size.asserts, fmt.Sprintf("%s:%s", filepath.ToSlash(rel), place))
		}
		return nil
	})
	return size, err
}

// ours are the types of package net that are other types in the swapped program.
var ours = map[string]bool{
	"Buffers": true, "Dialer": true, "IPConn": true, "ListenConfig": true, "TCPConn": true,
	"TCPListener": true, "UDPConn": true, "UnixConn": true, "UnixListener": true,
}

// assertions returns where a file asks whether a value is of such a type: what fails for
// a connection that was made with the other package.
func assertions(fset *token.FileSet, f *ast.File) (places []string) {
	found := func(e ast.Expr) {
		star, ok := e.(*ast.StarExpr)
		if !ok {
			return
		}
		if s, ok := star.X.(*ast.SelectorExpr); ok && fmt.Sprint(s.X) == "net" && ours[s.Sel.Name] {
			places = append(places, fmt.Sprintf("%d *net.%s", fset.Position(e.Pos()).Line, s.Sel.Name))
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeAssertExpr:
			found(n.Type)
		case *ast.TypeSwitchStmt:
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					found(e)
				}
			}
		}
		return true
	})
	return places
}
