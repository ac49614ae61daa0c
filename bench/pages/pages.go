//go:build linux

package pages

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/a57b2d82/netpoller/bench/report"
)

// names are the pages that have tables.
var names = []string{"README.md", "docs/reference/costs.md"}

// recordings are by the names of their files, without the ending.
type recordings map[string]*report.Report

// Load reads the recordings in a folder.
func load(dir string) (recordings, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	all := recordings{}
	for _, file := range files {
		rep, err := report.Load(file)
		if err != nil {
			return nil, err
		}
		base := filepath.Base(file)
		all[base[:len(base)-len(".json")]] = rep
	}
	return all, nil
}

// Page is a page with its tables as the recordings have them.
type Page struct{ Name, Has, Wants string }

// Pages reads the pages below root and makes their tables from the recordings in results.
func Pages(root, results string) ([]Page, error) {
	recorded, err := load(results)
	if err != nil {
		return nil, err
	}
	var all []Page
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		p := Page{Name: filepath.Join(root, name), Has: string(text)}
		if p.Wants, err = recorded.fill(p.Has); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

var marked = regexp.MustCompile(`(?s)(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end -->)`)

// fill writes what stands between the comments of a page.
func (all recordings) fill(page string) (string, error) {
	var unknown error
	page = marked.ReplaceAllStringFunc(page, func(part string) string {
		m := marked.FindStringSubmatch(part)
		write, ok := tables[m[2]]
		if !ok {
			unknown = errors.Join(unknown, fmt.Errorf("there is no table %q", m[2]))
			return part
		}
		return m[1] + "\n" + write(all) + "\n" + m[3]
	})
	return page, unknown
}
