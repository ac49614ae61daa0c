package overlay

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/trace"
)

// This file makes a page of a counterexample: the goroutines side by side, step by step.

var page = flag.String("html", "", "write the counterexample to this `file`, as a page to look at; go test runs in the folder of the package, but the name is relative to the module's")

//go:embed player.html
var player string

// writePage makes the page of the counterexample in a file that search.Scenarios has written. It
// returns where the page is.
func writePage(ctx context.Context, steps, name string) (at string, err error) {
	if !filepath.IsAbs(name) {
		root, err := Root(ctx)
		if err != nil {
			return "", err
		}
		name = filepath.Join(root, name)
	}
	text, err := os.ReadFile(steps)
	if err != nil {
		return "", err
	}
	var c search.Counterexample
	if err := json.Unmarshal(text, &c); err != nil {
		return "", err
	}
	out, err := Render(ctx, &c)
	if err != nil {
		return "", err
	}
	return name, os.WriteFile(name, out, 0o644)
}

// Render returns the page. It needs no other file and no network. The figure of the state machine
// is that of the page of package debug.
func Render(ctx context.Context, c *search.Counterexample) ([]byte, error) {
	var picture bytes.Buffer
	s := trace.Snapshot{Events: Events(c)}
	if err := s.WritePerfetto(&picture); err != nil {
		return nil, err
	}
	assets, err := figure(ctx)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(struct { // which escapes <, > and &
		*search.Counterexample
		Events   []trace.Event `json:"events"`
		Perfetto string        `json:"perfetto"`
		Style    string        `json:"style"`
	}{c, s.Events, picture.String(), assets.style})
	if err != nil {
		return nil, err
	}
	return []byte(strings.NewReplacer("{{counterexample}}", string(data), "{{figure}}", assets.script).Replace(player)), nil
}

// assets are what the figure needs, from package debug.
type assets struct{ script, style string }

var moduleLine = regexp.MustCompile(`(?m)^import .*$|^export `)

func figure(ctx context.Context) (a assets, err error) {
	root, err := Root(ctx)
	if err != nil {
		return a, err
	}
	for _, name := range []string{"format.js", "machine.js", "page.css"} {
		text, err := os.ReadFile(filepath.Join(root, "debug/assets", name))
		if err != nil {
			return a, err
		}
		if name == "page.css" {
			a.style = strings.ReplaceAll(string(text), ":root", ":host")
		} else {
			a.script += moduleLine.ReplaceAllString(string(text), "") // one script instead of modules
		}
	}
	return a, nil
}

// Events returns the transitions of a counterexample as those of a trace in which each step takes
// a millisecond.
func Events(c *search.Counterexample) (events []trace.Event) {
	for i, l := range c.Lines {
		name := row(l)
		if name == "" {
			continue
		}
		side := map[string]string{"word R": "read", "word W": "write"}[l.Object]
		events = append(events, trace.Event{
			At: time.Duration(i) * time.Millisecond, Reactor: 1, Gen: 1, FD: -1,
			Side: side, Name: name, Was: l.Was, Is: l.Is, Detail: l.Goroutine,
		})
	}
	return events
}

var rowID = regexp.MustCompile(`^[OEU][1-6]$`)

// row returns the row of the table that a step is, if it is one. The comment of a line that takes
// several rows names them in the order of the states that they begin with.
func row(l search.Line) string {
	if l.Object != "word R" && l.Object != "word W" || l.Is == l.Was && l.Called == "load" {
		return ""
	}
	for _, id := range l.IDs {
		for k, name := range tracer.Names[:tracer.U4+1] {
			if rowID.MatchString(id) && strings.HasPrefix(name, id+" ") && begins(tracer.Kind(k), l.Was) {
				return name
			}
		}
	}
	return ""
}

// begins reports whether a row begins with a state.
func begins(k tracer.Kind, state string) bool {
	switch k {
	case tracer.O3:
		return state == "idle"
	case tracer.O4:
		return state == "wait"
	case tracer.O2:
		return state == "ready"
	case tracer.O1, tracer.O5, tracer.O6:
		return true
	case tracer.E1, tracer.E2, tracer.E3, tracer.E4:
		return state == tracer.States[k-tracer.E1]
	}
	return state == tracer.States[k-tracer.U1]
}
