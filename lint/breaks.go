package lint

import (
	"bytes"
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/types/typeutil"
)

// A swappedAPI is the fact of a package whose exported names have types that differ when the
// module's files import netpoller in place of net: its export data, as it is then.
type swappedAPI struct{ Export []byte }

func (*swappedAPI) AFact() {}

func (*swappedAPI) String() string { return "swapped" }

// reportBreaks checks the types of the package once more, as if all files of its module
// imported netpoller in place of net, and reports the errors. It reports whether the package can
// be swapped alone: there are none, and neither its own API nor its imports' changes.
func reportBreaks(pass *analysis.Pass, files []*file) (alone bool) {
	s := newSwapImporter(pass)
	inSwapped := slices.ContainsFunc(files, func(f *file) bool { return f.swap != nil })
	changed := s.changed()
	if !inSwapped && !changed {
		return false
	}
	broken := false
	config := types.Config{
		Importer:    s,
		Sizes:       pass.TypesSizes,
		FakeImportC: true,
		Error: func(err error) {
			if err, ok := errors.AsType[types.Error](err); ok && strings.Contains(err.Msg, swappedPath) {
				broken = true
				reportBreak(pass, err)
			}
		},
	}
	if pass.Module != nil && pass.Module.GoVersion != "" {
		config.GoVersion = "go" + strings.TrimPrefix(pass.Module.GoVersion, "go")
	}
	pkg, _ := config.Check(pass.Pkg.Path(), pass.Fset, afterSwap(files), nil)
	var export bytes.Buffer
	if err := gcexportdata.Write(&export, pass.Fset, pkg); err != nil {
		return false
	}
	if bytes.Contains(export.Bytes(), []byte(swappedPath)) {
		pass.ExportPackageFact(&swappedAPI{export.Bytes()})
		return false
	}
	return !broken && !changed && len(files) > 0 && files[0].mixed
}

// afterSwap returns the files with their imports after the swap.
func afterSwap(files []*file) (all []*ast.File) {
	for _, f := range files {
		if f.swap == nil {
			all = append(all, f.File)
			continue
		}
		after := *f.File
		after.Decls = slices.Clone(f.Decls)
		for i, d := range after.Decls {
			if d, ok := d.(*ast.GenDecl); ok && slices.Contains(d.Specs, ast.Spec(f.swap)) {
				imports, spec := *d, *f.swap
				spec.Path = &ast.BasicLit{ValuePos: spec.Path.ValuePos, Kind: token.STRING, Value: strconv.Quote(swappedPath)}
				imports.Specs = slices.Clone(d.Specs)
				imports.Specs[slices.Index(d.Specs, ast.Spec(f.swap))] = &spec
				after.Decls[i] = &imports
			}
		}
		all = append(all, &after)
	}
	return all
}

// A swapImporter gives a package its imports as they are after the swap.
type swapImporter struct {
	*analysis.Pass
	direct map[string]*types.Package // the imports of the package, by what the files say
	loaded map[string]*types.Package // by their paths
}

func newSwapImporter(pass *analysis.Pass) *swapImporter {
	s := &swapImporter{pass, map[string]*types.Package{}, map[string]*types.Package{}}
	for _, file := range pass.Files {
		for _, spec := range file.Imports {
			if name := pass.TypesInfo.PkgNameOf(spec); name != nil {
				path, _ := strconv.Unquote(spec.Path.Value)
				s.direct[path] = name.Imported()
			}
		}
	}
	return s
}

// api returns the fact of a package that the swap changes, or nil.
func (s *swapImporter) api(pkg *types.Package) *swappedAPI {
	var fact swappedAPI
	if pkg != s.Pkg && reached(s.Pass, pkg) && s.ImportPackageFact(pkg, &fact) {
		return &fact
	}
	return nil
}

// changed reports whether the swap changes an import other than net.
func (s *swapImporter) changed() bool {
	for _, pkg := range s.direct {
		if s.api(pkg) != nil {
			return true
		}
	}
	return false
}

// load notes the packages that remain, net among them, and makes the one that replaces it.
func (s *swapImporter) load(pkgs []*types.Package) {
	for _, pkg := range pkgs {
		if s.loaded[pkg.Path()] != nil || s.api(pkg) != nil {
			continue
		}
		s.loaded[pkg.Path()] = pkg
		if pkg.Path() == "net" {
			s.loaded[swappedPath] = swap(pkg)
		}
		s.load(pkg.Imports())
	}
}

func (s *swapImporter) Import(path string) (*types.Package, error) {
	if len(s.loaded) == 0 {
		s.load(s.Pkg.Imports())
	}
	if path == swappedPath {
		return s.loaded[swappedPath], nil
	}
	pkg := s.direct[path]
	if pkg == nil {
		return nil, errors.New("no package " + path)
	}
	fact := s.api(pkg)
	if fact == nil {
		return pkg, nil
	}
	if done := s.loaded[pkg.Path()]; done != nil && done.Complete() {
		return done, nil
	}
	return gcexportdata.Read(bytes.NewReader(fact.Export), s.Fset, s.loaded, pkg.Path())
}

// reportBreak reports an error of the types, in the words of the program.
func reportBreak(pass *analysis.Pass, err types.Error) {
	message := strings.NewReplacer(strconv.Quote(swappedPath)+".", "netpoller.", `"net".`, "net.", "\n", "; ", "\t", "").Replace(err.Msg)
	pass.Report(analysis.Diagnostic{
		Pos:      err.Pos,
		Category: "breaks",
		Message:  "does not compile once net is netpoller: " + message + "; " + breakRemedy(pass, err.Pos),
	})
}

// breakRemedy says what a program can do about code that does not compile.
func breakRemedy(pass *analysis.Pass, pos token.Pos) string {
	i := slices.IndexFunc(pass.Files, func(f *ast.File) bool { return f.FileStart <= pos && pos <= f.FileEnd })
	if i < 0 {
		return ""
	}
	path, _ := astutil.PathEnclosingInterval(pass.Files[i], pos, pos)
	for _, n := range path {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := typeutil.Callee(pass.TypesInfo, n).(*types.Func); ok && fullName(f) == "crypto/tls.DialWithDialer" {
				return "use nettls.DialWithDialer"
			}
		case *ast.CompositeLit:
			if is(pass.TypesInfo.TypeOf(n), "crypto/tls.Dialer") {
				return "use a nettls.Dialer"
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if sel, ok := left.(*ast.SelectorExpr); ok && is(pass.TypesInfo.TypeOf(sel.X), "crypto/tls.Dialer") {
					return "use a nettls.Dialer"
				}
			}
		}
	}
	return `take an interface such as net.Conn, or keep package net here, imported under a second name`
}
