// Package debug serves a page that shows what the reactors of a group do: their rates and lag, the
// open connections, and for each one the state machine of docs/state-machine.md, with its
// transitions as they come.
//
//	mux.Handle("/debug/netpoller/", http.StripPrefix("/debug/netpoller", debug.Handler(group)))
//
// Like net/http/pprof, the page is for those who run the program: it shows the addresses of peers.
// Nothing serves it until the program does, which keeps others away from it: mount it behind the
// access control of the service, or on a listener that only operators reach.
//
// The page shows nothing that a connection carries, no connection of other groups or of package
// net, and not which goroutine waits; docs/debug.md has the rest. It changes nothing, and needs no
// network but the program itself.
//
// While someone looks at transitions, and for ten seconds longer, the program records events with
// package trace, unless it does so already. docs/trace.md has the cost. While nobody looks, the
// handler costs nothing.
//
// Where it stands: above packages poller and trace, beside the root.
package debug

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/a57b2d82/netpoller/poller"
)

//go:embed assets
var assets embed.FS

// watched is for how long events are recorded after the last request for some.
const watched = 10 * time.Second

// Handler returns a handler that serves the page of g at its root: http.StripPrefix takes off
// what comes before. It answers GET and HEAD only. On systems other than Linux there is nothing
// to see. Handler panics if g is nil.
func Handler(g *poller.Group) http.Handler {
	if g == nil {
		panic("debug.Handler: nil PollerGroup")
	}
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // a mistake: the folder is embedded
	}
	h := &handler{group: g}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /state.json", h.state)
	mux.HandleFunc("GET /trace.json", h.trace)
	return secured(mux)
}

type handler struct{ group *poller.Group }

// secured keeps a browser from running or loading anything but the page's own files.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// reply sends v as JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // fails if the browser went away
}

// number returns a number from the query, or what it is without one.
func number(r *http.Request, name string, without int64) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 0 {
		return without
	}
	return n
}
