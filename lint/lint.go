// Package lint finds what the swap of one import misses.
//
// A program can import github.com/a57b2d82/netpoller under the name net, in place of package
// net. That reaches the files that are edited. All else stays on package net and says nothing.
// The analyzer here lists three things, and each with its remedy:
//
//   - a call that opens a socket of package net: net.Dial in a file that is not edited,
//     http.ListenAndServe, tls.Dial, or a function of a dependency that calls such a function;
//   - code that does not compile when all files of the module are edited, because a type of
//     package net's own, such as *net.Dialer, meets one of a package that is not;
//   - a type assertion to *net.TCPConn in a file that is not edited, if others are: it fails for
//     connections of netpoller.
//
// A function opens a socket if it names a function that does, of package net or of its own or
// another package. Calls of interface methods and of function values are not followed.
//
// Command netlint runs it for go vet, and netswap lint runs that.
package lint

import (
	"cmp"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Analyzer finds what stays on package net, and what does not compile, when a program imports
// netpoller in place of net.
var Analyzer = &analysis.Analyzer{
	Name:      "netswap",
	Doc:       "find what stays on package net when its import is swapped for netpoller\n\n" + doc,
	URL:       "https://pkg.go.dev/" + modulePath + "/lint",
	Run:       run,
	FactTypes: []analysis.Fact{new(opens), new(swappedAPI)},
}

// tests is the flag of the analyzer.
var tests bool

func init() {
	Analyzer.Flags.BoolVar(&tests, "tests", false, "report what stays on net in tests, too")
}

const doc = `A file that imports github.com/a57b2d82/netpoller under the name net opens its sockets.
Everything else stays on package net. This analyzer reports calls that open sockets of package
net, in the program's own files and by functions of other packages, and code that does not
compile when all files of the module import netpoller in place of net.`

const modulePath = "github.com/a57b2d82/netpoller"

func run(pass *analysis.Pass) (any, error) {
	if ofNetpoller(pass.Pkg) {
		return nil, nil // which is made of package net's types
	}
	files := filesOf(pass)
	report := pass.Report
	var found []analysis.Diagnostic
	pass.Report = func(d analysis.Diagnostic) { found = append(found, d) }
	exportOpens(pass)
	reportStays(pass, files)
	alone := reportBreaks(pass, files)
	reportImports(pass, files, alone)
	slices.SortFunc(found, func(a, b analysis.Diagnostic) int { return cmp.Compare(a.Pos, b.Pos) })
	for _, d := range found {
		report(d)
	}
	return nil, nil
}

// ofNetpoller reports whether a package is the library's.
func ofNetpoller(pkg *types.Package) bool {
	return below(pathOf(pkg), modulePath) && !below(pathOf(pkg), modulePath+"/lint")
}

// reached reports whether the swap of the imports of pass's module edits pkg.
func reached(pass *analysis.Pass, pkg *types.Package) bool {
	return pkg == pass.Pkg || pass.Module != nil && below(pathOf(pkg), pass.Module.Path)
}

// pathOf returns the import path of a package, which go vet extends where tests are compiled
// with it: "path [path.test]".
func pathOf(pkg *types.Package) string {
	path, _, _ := strings.Cut(pkg.Path(), " ")
	return path
}

func below(path, module string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

// imports reports whether a package imports the one of a path, or one that does.
func imports(pkg *types.Package, seen map[string]bool, path string) bool {
	if seen[pkg.Path()] {
		return false
	}
	seen[pkg.Path()] = true
	return slices.ContainsFunc(pkg.Imports(), func(p *types.Package) bool {
		return p.Path() == path || imports(p, seen, path)
	})
}
