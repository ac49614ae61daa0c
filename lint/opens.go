package lint

import (
	"cmp"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// An opens is the fact that a function opens sockets of package net.
type opens struct {
	// Uses is what it uses for that, down to a function of package net: "x.connect", "net.Dial".
	Uses []string

	// Hooks are fields that it compares with nil on the way: if one is set, it takes its
	// connections from there.
	Hooks []hook
}

func (*opens) AFact() {}

// plainer reports whether o says more plainly than another fact that its function opens sockets:
// with fewer conditions, then in fewer steps. The other may be nil.
func (o *opens) plainer(other *opens) bool {
	if other == nil {
		return true
	}
	return cmp.Or(cmp.Compare(len(o.Hooks), len(other.Hooks)), cmp.Compare(len(o.Uses), len(other.Uses))) < 0
}

// overHTTP reports whether f, whose fact it is, opens sockets by http.DefaultTransport.
func (o *opens) overHTTP(f *types.Func) bool {
	return slices.Contains(overHTTP, fullName(f)) || len(o.Uses) > 0 && slices.Contains(overHTTP, "net/"+o.Uses[len(o.Uses)-1])
}

func (o *opens) String() string { return strings.Join(o.Uses, ", ") }

// openers are the functions and methods of package net that open sockets.
var openers = []string{
	"net.Dial", "net.DialTimeout", "net.DialTCP", "net.DialUDP", "net.DialIP", "net.DialUnix",
	"net.Listen", "net.ListenPacket", "net.ListenTCP", "net.ListenUDP", "net.ListenMulticastUDP",
	"net.ListenIP", "net.ListenUnix", "net.ListenUnixgram",
	"net.FileConn", "net.FilePacketConn", "net.FileListener",
	"net.Dialer.Dial", "net.Dialer.DialContext", "net.Dialer.DialTCP", "net.Dialer.DialUDP",
	"net.Dialer.DialIP", "net.Dialer.DialUnix",
	"net.ListenConfig.Listen", "net.ListenConfig.ListenPacket",
}

// overHTTP are the names of net/http that stand for connections of http.DefaultTransport.
var overHTTP = []string{"net/http.Get", "net/http.Head", "net/http.Post", "net/http.PostForm",
	"net/http.DefaultClient", "net/http.DefaultTransport"}

// exportOpens finds the functions of the package that open sockets, and exports a fact of each.
func exportOpens(pass *analysis.Pass) {
	if pathOf(pass.Pkg) == "net" {
		return // whose functions are in openers
	}
	found := map[*types.Func]*opens{}
	users := map[types.Object][]function{} // of a function of the package
	var queue []function
	for _, f := range functions(pass) {
		for _, used := range f.uses {
			if used.Pkg() == pass.Pkg {
				users[used] = append(users[used], f)
			} else if o := opensOutside(pass, used); o != nil {
				if by := f.by(used, o); by.plainer(found[f.Func]) {
					found[f.Func] = by
				}
			}
		}
		if found[f.Func] != nil {
			queue = append(queue, f)
		}
	}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		if found[f.Func].Uses == nil {
			continue
		}
		for _, user := range users[f.Func] {
			if by := user.by(f.Func, found[f.Func]); by.plainer(found[user.Func]) {
				found[user.Func] = by
				queue = append(queue, user)
			}
		}
	}
	for f, o := range found {
		if o.Uses != nil && f.Exported() && !configurable(f) {
			pass.ExportObjectFact(f, o)
		}
	}
}

// opensOutside returns what is known of a name of another package, or nil.
func opensOutside(pass *analysis.Pass, f types.Object) *opens {
	var o opens
	switch {
	case slices.Contains(openers, fullName(f)), slices.Contains(overHTTP, fullName(f)):
		return &o
	case pass.ImportObjectFact(f, &o):
		return &o
	}
	return nil
}

// configurable reports whether f is a method of a type that says how its values dial. The
// places where a program makes such values are reported, not the calls of their methods.
func configurable(f *types.Func) bool {
	recv := f.Signature().Recv()
	return recv != nil && is(recv.Type(), "net/http.Client", "net/http.Transport", "net/http/httptest.Server", "crypto/tls.Dialer")
}
