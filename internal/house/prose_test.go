package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unwanted are words that hide the actor, or that no reader expects.
var unwanted = regexp.MustCompile(`(?i)\b(for ever|gone by|somebody|someone else|whoever|hears? of|stands? in line|event descriptors?)\b`)

// opensWithNoun matches a sentence whose subject is a clause ("What is read must ..."), and
// not a question.
var opensWithNoun = regexp.MustCompile(`(?:^|[.:!?]\s+)((?:Who|Whom|Whoever|What)\s[^.?!]*[.:!])`)

// Prose must name the actor, so that no reader reads a sentence twice.
func TestProseNamesTheActor(t *testing.T) {
	atRoot(t)
	for _, f := range everySource(t) {
		for _, comment := range comments(t, f) {
			checkProse(t, f.name, comment)
		}
	}
	for _, p := range pages(t) {
		for _, paragraph := range paragraphs(p.text) {
			checkProse(t, p.name, paragraph)
		}
	}
}

// everySource returns the Go files of all modules, and those in testdata.
func everySource(t *testing.T) (files []sourceFile) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			files = append(files, sourceFile{filepath.ToSlash(path), read(t, path)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func checkProse(t *testing.T, where, text string) {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	if word := unwanted.FindString(text); word != "" {
		t.Errorf("%s: %q in: %s", where, word, text)
	}
	if m := opensWithNoun.FindStringSubmatch(text); m != nil {
		t.Errorf("%s: a sentence opens with a clause: %s", where, m[1])
	}
}

// comments returns the text of every comment of a file.
func comments(t *testing.T, f sourceFile) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), f.name, f.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		all = append(all, group.Text())
	}
	return all
}

// paragraphs returns the paragraphs of a page, without its headings, code and output.
func paragraphs(page string) (all []string) {
	code := false
	var lines []string
	for line := range strings.Lines(page + "\n\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			code = !code
		case code || strings.HasPrefix(line, "    "):
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
			all = append(all, strings.Join(lines, " "))
			lines = nil
		default:
			lines = append(lines, line)
		}
	}
	return all
}
