package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Figures count what was done. The zero map values are made by newFigures.
type figures struct {
	mu     sync.Mutex
	ops    map[string]int64 // by name
	errs   map[string]int64 // by kind
	others map[string]int64 // what is counted besides
}

func newFigures() *figures {
	return &figures{ops: make(map[string]int64), errs: make(map[string]int64), others: make(map[string]int64)}
}

// add adds g, and forgets what g had.
func (f *figures) add(g *figures) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range []struct{ sum, more map[string]int64 }{{f.ops, g.ops}, {f.errs, g.errs}, {f.others, g.others}} {
		for k, n := range m.more {
			m.sum[k] += n
		}
		clear(m.more)
	}
}

func (f *figures) count(what string, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.others[what] += n
}

func (f *figures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, m := range []struct {
		name string
		is   map[string]int64
	}{{"", f.others}, {"operations: ", f.ops}, {"errors: ", f.errs}} {
		line := "  " + m.name
		for _, k := range slices.Sorted(maps.Keys(m.is)) {
			item := fmt.Sprintf("%s %d, ", k, m.is[k])
			if len(line)+len(item) > 110 {
				fmt.Fprintln(&b, strings.TrimRight(line, " "))
				line = "    "
			}
			line += item
		}
		fmt.Fprintln(&b, strings.TrimSuffix(line, ", "))
	}
	return b.String()
}

// kinds are the errors that can be told apart, the first that fits.
var kinds = []struct {
	name string
	is   error
}{
	{"closed", net.ErrClosed},
	{"canceled", context.Canceled},
	{"context deadline", context.DeadlineExceeded},
	{"deadline", os.ErrDeadlineExceeded},
	{"EOF", io.EOF},
	{"reset", syscall.ECONNRESET},
	{"broken pipe", syscall.EPIPE},
	{"refused", syscall.ECONNREFUSED},
	{"not connected", syscall.ENOTCONN},
	{"aborted", syscall.ECONNABORTED},
	{"no such file", syscall.ENOENT},
	{"would block", syscall.EAGAIN},
	{"no room", syscall.ENOBUFS},
	{"too long", syscall.EMSGSIZE},
}

// kind names an error: "" is none, and one that nobody expects is named by its text.
func kind(err error) string {
	if err == nil {
		return ""
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return k.name
		}
	}
	return err.Error()
}
