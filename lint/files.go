package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// A file is one of a package, with what the swap does to it.
type file struct {
	*ast.File
	test  bool
	swap  *ast.ImportSpec // its import of net, which the swap replaces; nil if there is none
	mixed bool            // its package uses netpoller, or a package that it imports does
	stays []string        // names of package net that open sockets
}

// filesOf returns the files of a package. A file that imports netpoller, too, has decided what is
// to stay on net: the swap leaves it as it is.
func filesOf(pass *analysis.Pass) (all []*file) {
	mixed := imports(pass.Pkg, map[string]bool{}, modulePath)
	for _, f := range pass.Files {
		file := &file{File: f, mixed: mixed, test: strings.HasSuffix(pass.Fset.File(f.FileStart).Name(), "_test.go")}
		decided := false
		for _, spec := range f.Imports {
			switch spec.Path.Value {
			case `"net"`:
				file.swap = spec
			case strconv.Quote(modulePath):
				decided = true
			}
		}
		if decided {
			file.swap = nil
		}
		all = append(all, file)
	}
	return all
}

// stay notes that the file opens sockets by a name of package net.
func (f *file) stay(name string) {
	if f.swap != nil && !slices.Contains(f.stays, name) {
		f.stays = append(f.stays, name)
	}
}

// as is the name of the import of net.
func (f *file) as() string {
	if f.swap.Name != nil {
		return f.swap.Name.Name
	}
	return "net"
}

func (f *file) byImport() string {
	return fmt.Sprintf("import %s %q in place of %s", f.as(), modulePath, f.swap.Path.Value)
}

// reportImports reports the imports of net that open sockets. If the swap of all of a package's
// files compiles and changes nothing for other packages, that is a fix.
func reportImports(pass *analysis.Pass, files []*file, alone bool) {
	var fixes []analysis.SuggestedFix
	if alone {
		fix := analysis.SuggestedFix{Message: "Import netpoller in place of net"}
		for _, f := range files {
			if f.swap != nil {
				fix.TextEdits = append(fix.TextEdits, analysis.TextEdit{
					Pos: f.swap.Pos(), End: f.swap.End(), NewText: fmt.Appendf(nil, "%s %q", f.as(), modulePath),
				})
			}
		}
		fixes = []analysis.SuggestedFix{fix}
	}
	for _, f := range files {
		if len(f.stays) > 0 {
			verb := " stay on net; "
			if len(f.stays) == 1 {
				verb = " stays on net; "
			}
			pass.Report(analysis.Diagnostic{Pos: f.swap.Pos(), End: f.swap.End(), Category: "import",
				Message: list(f.stays) + verb + f.byImport(), SuggestedFixes: fixes})
		}
	}
}

// list joins names: "a, b and c".
func list(names []string) string {
	slices.Sort(names)
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
