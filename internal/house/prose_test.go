package house

import (
	"go/parser"
	"go/token"
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
	for _, name := range goFiles(t, func(string) bool { return true }) { // of all modules, and in testdata
		for _, comment := range comments(t, name) {
			checkProse(t, name, comment)
		}
	}
	for _, p := range pages(t) {
		for _, paragraph := range paragraphs(p.text) {
			checkProse(t, p.name, paragraph)
		}
	}
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
func comments(t *testing.T, name string) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), parser.ParseComments|parser.SkipObjectResolution)
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
