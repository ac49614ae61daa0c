package house

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests here compare README.md and the pages beside it, and docs, with the code, in both directions where
// there are two. They read files only and run on every system.

// page is a file of documentation; blocks are its fenced code blocks, prose the rest.
type page struct {
	name   string
	text   string
	prose  string
	blocks []block
}

// A block is fenced code. Its info string is a language and, maybe, the file that the
// block is quoted from.
type block struct {
	lang, file string
	lines      []string
}

func pages(t *testing.T) (all []page) {
	t.Helper()
	files, err := filepath.Glob("docs/*.*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, below := range []string{"docs/learn/*.md", "docs/reference/*.md"} { // some of these are generated
		more, err := filepath.Glob(below)
		require.NoError(t, err)
		files = append(files, more...)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		if _, err := os.Stat(name); err == nil {
			files = append(files, name)
		}
	}
	for _, name := range files {
		name = filepath.ToSlash(name)
		p := page{name: name, text: read(t, name)}
		var prose []string
		var open *block
		for line := range strings.Lines(p.text) {
			line = strings.TrimRight(line, "\r\n")
			info, fence := strings.CutPrefix(line, "```")
			switch {
			case fence && open == nil:
				lang, file, _ := strings.Cut(info, " ")
				open = &block{lang: lang, file: file}
			case fence:
				p.blocks = append(p.blocks, *open)
				open = nil
			case open != nil:
				open.lines = append(open.lines, line)
			default:
				prose = append(prose, line)
			}
		}
		require.Nil(t, open, "%s: a code block has no end", name)
		p.prose = strings.Join(prose, "\n")
		all = append(all, p)
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	require.NoError(t, err)
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// goFiles returns the Go files of the repository for which want is true.
func goFiles(t *testing.T, want func(name string) bool) (names []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && want(filepath.ToSlash(name)):
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

// source is the Go files that make the library and its examples.
func source(t *testing.T) []string {
	helpers := regexp.MustCompile(`_test\.go$|^bench/|^internal/(interop|nettest|parity|mutants)/`)
	return goFiles(t, func(name string) bool { return !helpers.MatchString(name) })
}

var (
	inCode = regexp.MustCompile(`(?:^|\s)// DOC: ([a-z0-9-]+)$`)
	inDocs = regexp.MustCompile(`\[DOC: ([a-z0-9-]+)\]`)
)

// If this fails, a page points at a line that is not there, or a mark in the code is
// explained nowhere.
func TestDocsAnchorsPointBothWays(t *testing.T) {
	atRoot(t)
	where := map[string]string{}
	for _, name := range source(t) {
		for i, line := range strings.Split(read(t, name), "\n") {
			if m := inCode.FindStringSubmatch(line); m != nil {
				place := name + ":" + strconv.Itoa(i+1)
				require.Empty(t, where[m[1]], "%s: DOC: %s is there twice", place, m[1])
				where[m[1]] = place
			}
		}
	}
	named := map[string]bool{}
	for _, p := range pages(t) {
		for _, m := range inDocs.FindAllStringSubmatch(p.text, -1) {
			if named[m[1]] = true; m[1] != "name" { // the example in docs/README.md
				require.NotEmpty(t, where[m[1]], "%s: [DOC: %s] is nowhere in the code", p.name, m[1])
			}
		}
	}
	for name, place := range where {
		require.True(t, named[name], "%s: no page has [DOC: %s]", place, name)
	}
	t.Logf("%d anchors", len(where))
}

var (
	link   = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	ticked = regexp.MustCompile("`([^`\n]+)`")
)

// If this fails, a reader follows a link or looks for a file and finds nothing.
func TestDocsLinksAndPathsExist(t *testing.T) {
	atRoot(t)
	links, paths := 0, 0
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, heading, _ := strings.Cut(m[1], "#")
			file := p.name
			if target != "" {
				file = path.Join(path.Dir(p.name), target)
			}
			require.FileExists(t, orDirectory(file), "%s: link to %s", p.name, m[1])
			if heading != "" {
				require.Contains(t, headings(read(t, file)), heading, "%s: link to %s", p.name, m[1])
			}
			links++
		}
		for _, m := range ticked.FindAllStringSubmatch(p.prose, -1) {
			if isPath(m[1]) {
				require.FileExists(t, orDirectory(m[1]), "%s: path `%s`", p.name, m[1])
				paths++
			}
		}
		for _, b := range p.blocks {
			if b.file != "" {
				require.FileExists(t, b.file, "%s: a block of %s", p.name, b.file)
			}
		}
	}
	t.Logf("%d links, %d paths", links, paths)
}

// orDirectory returns a file that exists if name is a directory.
func orDirectory(name string) string {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return "go.mod"
	}
	return name
}

// headings returns the anchors that a Markdown file has.
func headings(text string) (all []string) {
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			title = drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			all = append(all, strings.ReplaceAll(title, " ", "-"))
		}
	}
	return all
}

// isPath reports whether code in prose is a path in this repository. A path that begins
// with src is one of Go's own.
func isPath(s string) bool {
	if !regexp.MustCompile(`^[\w./-]+$`).MatchString(s) || strings.HasPrefix(s, "src/") {
		return false
	}
	switch path.Ext(s) {
	case ".go", ".md", ".txt", ".mod":
		return true
	}
	top, _, deep := strings.Cut(s, "/")
	info, err := os.Stat(top)
	return deep && err == nil && info.IsDir()
}

// If this fails, the picture of the whole was changed in one place only.
func TestDocsFigureIsTheOneInDoc(t *testing.T) {
	atRoot(t)
	figure := strings.TrimRight(read(t, "docs/architecture.txt"), "\n")
	var doc []string
	for line := range strings.Lines(read(t, "doc.go")) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok {
			doc = append(doc, strings.TrimRight(code, "\n"))
		}
	}
	require.True(t, strings.Contains(strings.Join(doc, "\n"), figure), "doc.go has another figure")
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			if len(b.lines) > 0 && strings.HasPrefix(b.lines[0], "user goroutines") {
				require.Equal(t, figure, strings.Join(b.lines, "\n"), "the figure in %s", p.name)
			}
		}
	}
}

var ids = regexp.MustCompile(`\b(?:[OEUID][0-9]|HB-[0-9]+|fact [a-z]\b)`)

// If this fails, a page argues with a row, invariant or note that the code does not
// have, or does not explain one that it has.
func TestDocsIDsAreThoseOfTheCode(t *testing.T) {
	atRoot(t)
	code, docs := map[string]bool{}, map[string]bool{}
	// Facts are defined by their letters alone.
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z])  \S`).FindAllStringSubmatch(read(t, "internal/sys/epoll_linux.go"), -1) {
		code["fact "+m[1]] = true
	}
	for _, name := range source(t) {
		for _, id := range ids.FindAllString(read(t, name), -1) {
			if !strings.HasPrefix(id, "fact ") {
				code[id] = true
			}
		}
	}
	for _, p := range pages(t) {
		for _, id := range ids.FindAllString(p.text, -1) {
			docs[id] = true
			require.True(t, code[id], "%s: %s is not in the code", p.name, id)
		}
	}
	for id := range code {
		require.True(t, docs[id], "%s is in the code and on no page", id)
	}
	t.Logf("%d ids", len(code))
}

// If this fails, a page shows code, or a comment, that is not what is compiled.
func TestDocsCodeIsTheCode(t *testing.T) {
	atRoot(t)
	quoted := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			text := strings.Join(b.lines, "\n")
			switch {
			case b.file != "":
				require.True(t, strings.Contains(flat(read(t, b.file)), flat(text)), "%s: not in %s:\n%s", p.name, b.file, text)
				quoted++
			case b.lang == "go":
				formatted, err := format.Source([]byte(text + "\n"))
				require.NoError(t, err, "%s:\n%s", p.name, text)
				require.Equal(t, text+"\n", string(formatted), "%s: not as gofmt has it", p.name)
			}
		}
	}
	t.Logf("%d quotations", quoted)
}

// flat returns text without indentation, comment marks and DOC comments.
func flat(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if inCode.MatchString(line) {
			if line = strings.TrimSpace(inCode.ReplaceAllString(line, "")); line == "" {
				continue
			}
		}
		out = append(out, strings.TrimSpace(strings.TrimPrefix(line, "//")))
	}
	return strings.Join(out, "\n")
}

// If this fails, there is a lock in the library that docs/lock-order.md says nothing about.
func TestDocsKnowEveryLock(t *testing.T) {
	atRoot(t)
	list := read(t, "docs/lock-order.md")
	locks := 0
	for _, name := range source(t) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		if f.Name.Name == "main" {
			continue // an example's locks are never taken together with ours
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			ast.Inspect(spec, func(n ast.Node) bool {
				field, ok := n.(*ast.Field)
				if !ok || len(field.Names) == 0 || !isMutex(field.Type) {
					return true
				}
				lock := f.Name.Name + "." + spec.Name.Name + "." + field.Names[0].Name
				require.True(t, strings.Contains(list, "\n| `"+lock+"` |"), "%s: there is a lock `%s`", name, lock)
				locks++
				return true
			})
			return false
		})
	}
	require.NotZero(t, locks)
	t.Logf("%d locks", locks)
}

func isMutex(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && base(s.X) == "sync" && strings.HasSuffix(s.Sel.Name, "Mutex")
}

// If this fails, a path of one machine got into a page, where it helps no reader.
func TestDocsNameNoMachine(t *testing.T) {
	atRoot(t)
	local := regexp.MustCompile(`(?:^|[^\w.])/(?:work|root|tmp|home|Users)/`)
	for _, p := range pages(t) {
		for i, line := range strings.Split(p.text, "\n") {
			require.NotRegexp(t, local, line, "%s:%d", p.name, i+1)
		}
	}
}

// If this fails, a page says nothing about what one learns from it, or shows nothing to
// try.
func TestDocsPagesHaveOneShape(t *testing.T) {
	atRoot(t)
	opening := regexp.MustCompile(`^# .+\n\nYou will learn [^.]+\.\n\n`)
	for _, p := range pages(t) {
		if dir := path.Dir(p.name); dir != "docs" && dir != "docs/learn" || path.Ext(p.name) != ".md" {
			continue
		}
		require.True(t, opening.MatchString(p.text), "%s: no title, or not one sentence after it", p.name)
		require.True(t, strings.Contains(p.text, "\n## Try it\n\n    "), "%s: nothing to try", p.name)
		require.True(t, slices.ContainsFunc(p.blocks, func(b block) bool { return b.lang == "console" }), "%s: no output", p.name)
		require.NotEmpty(t, p.blocks, "%s: no figure", p.name)
		require.Equal(t, "text", p.blocks[0].lang, "%s: no figure", p.name)
	}
}
