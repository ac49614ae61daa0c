package house

import (
	"errors"
	"fmt"
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// The tests here compare the names of package net, as the Go at hand has it, with ours:
// every type, function, variable and constant, every method and every field. That is
// what makes the import the whole swap.

// ownTypes are the types that are our own, and not package net's under an alias.
var ownTypes = []string{
	"Buffers", "Dialer", "IPConn", "ListenConfig", "TCPConn", "TCPListener", "UDPConn", "UnixConn", "UnixListener",
}

// additions are what we have and package net has not, with the reason.
var additions = map[string]string{
	"PollerGroup":            "reactors",
	"PollerConfig":           "reactors",
	"PollerStrategy":         "reactors",
	"PollerStats":            "reactors",
	"PollerHistogram":        "reactors",
	"PollerNested":           "reactors",
	"PollerThread":           "reactors",
	"NewPollerGroup":         "reactors",
	"DefaultPollerGroup":     "reactors",
	"Dialer.Poller":          "reactors",
	"ListenConfig.Poller":    "reactors",
	"IdleServer":             "idle connections without goroutines",
	"Message":                "golang.org/x/net has it",
	"UDPConn.ReadBatch":      "golang.org/x/net has it",
	"UDPConn.WriteBatch":     "golang.org/x/net has it",
	"TimeoutConn":            "Docker had it",
	"WithTimeout":            "Docker had it",
	"ListenConfig.Backlog":   "listen(2) has it",
	"ListenConfig.ReusePort": "often done in Control",

	// Package net of Go 1.25 has not got these yet.
	"Dialer.DialIP":   "Go 1.26",
	"Dialer.DialTCP":  "Go 1.26",
	"Dialer.DialUDP":  "Go 1.26",
	"Dialer.DialUnix": "Go 1.26",
}

// onLinuxOnly are the additions that other systems have not.
var onLinuxOnly = map[string]string{
	"PollerGroup.Looks":    "of use to package debug, which shows nothing there",
	"PollerGroup.Pick":     "of use to package fd, which is not there",
	"PollerGroup.Register": "of use to package fd, which is not there",
}

// waitingMethods are what each connection has besides: waiting in other ways.
var waitingMethods = []string{
	"NotifyReadable", "PeerClosed", "ReadContext", "WaitReadable", "WaitWritable", "WriteContext",
}

func init() {
	for _, c := range []string{"IPConn", "TCPConn", "UDPConn", "UnixConn"} {
		for _, m := range waitingMethods {
			additions[c+"."+m] = "waiting in other ways"
		}
	}
}

// systems are those that are compared: Linux has reactors, the others use package net's sockets.
var systems = []string{"linux", "darwin", "windows"}

// If this fails, a program that uses the name does not compile with its import swapped,
// or means another thing.
func TestAPIIsNets(t *testing.T) {
	atRoot(t)
	for _, goos := range systems {
		t.Run(goos, func(t *testing.T) {
			inCI(t, goos)
			c := compareAPI(load(t, goos))
			t.Logf("%s: %d names, %d methods, %d fields compared", goos, c.names, c.methods, c.fields)
			require.Empty(t, c.differences)
			require.GreaterOrEqual(t, c.names, 100, "package net was not read")
		})
	}
}

// The comparison must find what it looks for: one of net with a package that only looks
// like it has many differences.
func TestAPIComparisonFinds(t *testing.T) {
	atRoot(t)
	std, _ := load(t, runtime.GOOS)
	ours := types.NewPackage(module, "netpoller")
	add := func(o types.Object) { ours.Scope().Insert(o) }
	str := types.Typ[types.String]
	add(types.NewConst(0, ours, "IPv4len", types.Typ[types.UntypedInt], constant.MakeInt64(5)))
	add(types.NewVar(0, ours, "ErrClosed", str))
	add(types.NewFunc(0, ours, "Pipe", types.NewSignatureType(nil, nil, nil, nil, nil, false)))
	add(types.NewTypeName(0, ours, "IP", str))
	add(types.NewVar(0, ours, "Bonus", str))

	own := types.NewTypeName(0, ours, "TCPConn", nil)
	conn := types.NewNamed(own, types.NewStruct([]*types.Var{types.NewField(0, ours, "Deaf", str, false)}, nil), nil)
	recv := types.NewVar(0, ours, "c", types.NewPointer(conn))
	conn.AddMethod(types.NewFunc(0, ours, "Close", types.NewSignatureType(recv, nil, nil, nil, nil, false)))
	conn.AddMethod(types.NewFunc(0, ours, "Hum", types.NewSignatureType(recv, nil, nil, nil, nil, false)))
	add(own)

	found := strings.Join(compareAPI(std, ours).differences, "\n")
	for _, want := range []string{
		"IPv4len: ours is 5, net's 4",
		"ErrClosed: ours is string, net's error",
		"Pipe: ours is func(), net's func() (net.Conn, net.Conn)",
		"IP: ours is string, net's net.IP",
		"Bonus: net has it not",
		"TCPConn.Close: ours is func(), net's func() error",
		"TCPConn.Read: missing",
		"TCPConn.Hum: net has it not",
		"TCPConn.Deaf: net has it not",
		"Dial: missing",
		"UDPConn: missing",
	} {
		require.Contains(t, "\n"+found+"\n", "\n"+want+"\n")
	}
}

// If this fails, code for our additions compiles on Linux and nowhere else.
func TestAPIAdditionsAreEverywhere(t *testing.T) {
	atRoot(t)
	for _, goos := range systems[1:] {
		t.Run(goos, func(t *testing.T) {
			inCI(t, goos)
			std, linux := load(t, "linux")
			_, other := load(t, goos)
			for name := range additions {
				if strings.Contains(name, ".") {
					continue // a member, which comes with its type
				}
				a, b := linux.Scope().Lookup(name), other.Scope().Lookup(name)
				require.NotNil(t, a, name)
				require.NotNil(t, b, name)
				// Two loads make two of every type: their names tell.
				require.Equal(t, types.ObjectString(a, nil), types.ObjectString(b, nil))
			}
			n := 0
			for _, name := range linux.Scope().Names() {
				a, b := linux.Scope().Lookup(name), other.Scope().Lookup(name)
				if _, ok := a.(*types.TypeName); !ok || !a.Exported() {
					continue
				}
				there := members(b.Type())
				for member, m := range members(a.Type()) {
					net := std.Scope().Lookup(name) != nil && additions[name+"."+member] == ""
					if !net && onLinuxOnly[name+"."+member] == "" { // TestAPIIsNets compares net's
						require.Equal(t, typeOf(m), typeOf(there[member]), "%s.%s", name, member)
						n++
					}
				}
			}
			t.Logf("%s: %d members are those of Linux", goos, n)
		})
	}
}

// members returns the methods of a type's pointer and, if it is a struct, its fields.
func members(of types.Type) map[string]types.Object {
	all := methods(types.NewPointer(of))
	if s, ok := of.Underlying().(*types.Struct); ok {
		maps.Copy(all, fields(s))
	}
	return all
}

// typeOf returns the type of what a system may not have, without the names of parameters.
func typeOf(o types.Object) string {
	if o == nil {
		return "missing"
	}
	sig, ok := o.Type().(*types.Signature)
	if !ok {
		return types.TypeString(o.Type(), nil)
	}
	unnamed := func(tuple *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range tuple.Variables() {
			vars = append(vars, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(vars...)
	}
	return types.TypeString(types.NewSignatureType(nil, nil, nil, unnamed(sig.Params()), unnamed(sig.Results()), sig.Variadic()), nil)
}

// inCI skips what has to compile package net for another system than this one, which takes
// as long as all the tests together, unless .ci/run asks for it.
func inCI(t *testing.T, goos string) {
	t.Helper()
	if goos != runtime.GOOS && (os.Getenv("CI") == "" || testing.Short()) {
		t.Skipf("compiles package net for %s, which .ci/run does: set CI=true, without -short", goos)
	}
}

// load returns package net and ours as they are compiled for a system: for this one, what
// the tests are linked with.
func load(t *testing.T, goos string) (std, ours *types.Package) {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "net", ".")
	if goos != runtime.GOOS {
		cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[path] = file
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	std, err = from.Import("net")
	require.NoError(t, err)
	ours, err = from.Import(module)
	require.NoError(t, err)
	return std, ours
}

// A comparison of two packages.
type comparison struct {
	twins                  map[*types.TypeName]*types.TypeName // our types, and net's of the same name
	differences            []string
	names, methods, fields int
}

func compareAPI(std, ours *types.Package) *comparison {
	c := &comparison{twins: map[*types.TypeName]*types.TypeName{}}
	for _, name := range ownTypes {
		a, b := ours.Scope().Lookup(name), std.Scope().Lookup(name)
		if a, ok := a.(*types.TypeName); ok && b != nil {
			if named, ok := types.Unalias(a.Type()).(*types.Named); ok {
				c.twins[named.Obj()] = b.(*types.TypeName)
			}
		}
	}
	for _, name := range std.Scope().Names() {
		if token.IsExported(name) {
			c.names++
			c.object(name, ours.Scope().Lookup(name), std.Scope().Lookup(name))
		}
	}
	for _, name := range ours.Scope().Names() {
		if token.IsExported(name) && std.Scope().Lookup(name) == nil {
			c.added(name)
		}
	}
	return c
}

func (c *comparison) differ(format string, args ...any) {
	c.differences = append(c.differences, fmt.Sprintf(format, args...))
}

func (c *comparison) added(name string) {
	if additions[name] == "" {
		c.differ("%s: net has it not", name)
	}
}

// object compares one of our names with net's.
func (c *comparison) object(name string, ours, std types.Object) {
	if ours == nil {
		c.differ("%s: missing", name)
		return
	}
	if a, b := fmt.Sprintf("%T", ours), fmt.Sprintf("%T", std); a != b {
		c.differ("%s: ours is a %s, net's a %s", name, a, b)
		return
	}
	c.compareTypes(name, ours.Type(), std.Type())
	switch std := std.(type) {
	case *types.Const:
		if a, b := ours.(*types.Const).Val(), std.Val(); !constant.Compare(a, token.EQL, b) {
			c.differ("%s: ours is %s, net's %s", name, a, b)
		}
	case *types.TypeName:
		if !types.Identical(ours.Type(), std.Type()) {
			c.members(name, ours.Type(), std.Type())
		}
	}
}

func (c *comparison) compareTypes(name string, ours, std types.Type) {
	if !c.same(ours, std) {
		c.differ("%s: ours is %s, net's %s", name, types.TypeString(ours, nil), types.TypeString(std, nil))
	}
}

// members compares a type of ours with the one it replaces: what it is made of, its
// methods, those of its pointer, its exported fields.
func (c *comparison) members(name string, ours, std types.Type) {
	a, aStruct := ours.Underlying().(*types.Struct)
	b, bStruct := std.Underlying().(*types.Struct)
	switch {
	case aStruct != bStruct, !aStruct && !types.Identical(ours.Underlying(), std.Underlying()):
		c.differ("%s: ours is made of %s, net's of %s", name, ours.Underlying(), std.Underlying())
	case types.Comparable(ours) != types.Comparable(std):
		c.differ("%s: only one of ours and net's can be compared with ==", name)
	}
	if aStruct && bStruct {
		c.fields += c.each(name, fields(a), fields(b))
	}
	c.each(name, methods(ours), methods(std)) // of the value, which are the pointer's too
	c.methods += c.each(name, methods(types.NewPointer(ours)), methods(types.NewPointer(std)))
}

// each compares what two types have, and returns how many things package net's has.
func (c *comparison) each(name string, ours, std map[string]types.Object) int {
	for member, b := range std {
		if a := ours[member]; a == nil {
			c.differ("%s.%s: missing", name, member)
		} else {
			c.compareTypes(name+"."+member, a.Type(), b.Type())
		}
	}
	for member := range ours {
		if std[member] == nil {
			c.added(name + "." + member)
		}
	}
	return len(std)
}

// methods returns the exported methods of a type, those of embedded types included.
func methods(of types.Type) map[string]types.Object {
	all := map[string]types.Object{}
	set := types.NewMethodSet(of)
	for i := range set.Len() {
		if m := set.At(i).Obj(); m.Exported() {
			all[m.Name()] = m
		}
	}
	return all
}

func fields(of *types.Struct) map[string]types.Object {
	all := map[string]types.Object{}
	for i := range of.NumFields() {
		if f := of.Field(i); f.Exported() {
			all[f.Name()] = f
		}
	}
	return all
}

// same reports whether a type of ours is net's when each of our own types is taken for
// the one it replaces. Names of parameters do not matter.
func (c *comparison) same(ours, std types.Type) bool {
	ours, std = types.Unalias(ours), types.Unalias(std)
	switch a := ours.(type) {
	case *types.Named:
		if twin := c.twins[a.Obj()]; twin != nil {
			return types.Identical(twin.Type(), std)
		}
	case *types.Pointer:
		b, ok := std.(*types.Pointer)
		return ok && c.same(a.Elem(), b.Elem())
	case *types.Slice:
		b, ok := std.(*types.Slice)
		return ok && c.same(a.Elem(), b.Elem())
	case *types.Signature:
		b, ok := std.(*types.Signature)
		return ok && a.Variadic() == b.Variadic() && c.sameTuple(a.Params(), b.Params()) && c.sameTuple(a.Results(), b.Results())
	}
	return types.Identical(ours, std)
}

func (c *comparison) sameTuple(ours, std *types.Tuple) bool {
	if ours.Len() != std.Len() {
		return false
	}
	for i := range ours.Len() {
		if !c.same(ours.At(i).Type(), std.At(i).Type()) {
			return false
		}
	}
	return true
}

// If this fails, a comparison with one of these values, as with ==, has another outcome.
func TestVariablesAreNets(t *testing.T) {
	atRoot(t)
	values := map[string][2]any{
		"DefaultResolver":            {net.DefaultResolver, netpoller.DefaultResolver},
		"ErrClosed":                  {net.ErrClosed, netpoller.ErrClosed},
		"ErrWriteToConnected":        {net.ErrWriteToConnected, netpoller.ErrWriteToConnected},
		"IPv4allrouter":              {net.IPv4allrouter, netpoller.IPv4allrouter},
		"IPv4allsys":                 {net.IPv4allsys, netpoller.IPv4allsys},
		"IPv4bcast":                  {net.IPv4bcast, netpoller.IPv4bcast},
		"IPv4zero":                   {net.IPv4zero, netpoller.IPv4zero},
		"IPv6interfacelocalallnodes": {net.IPv6interfacelocalallnodes, netpoller.IPv6interfacelocalallnodes},
		"IPv6linklocalallnodes":      {net.IPv6linklocalallnodes, netpoller.IPv6linklocalallnodes},
		"IPv6linklocalallrouters":    {net.IPv6linklocalallrouters, netpoller.IPv6linklocalallrouters},
		"IPv6loopback":               {net.IPv6loopback, netpoller.IPv6loopback},
		"IPv6unspecified":            {net.IPv6unspecified, netpoller.IPv6unspecified},
		"IPv6zero":                   {net.IPv6zero, netpoller.IPv6zero},
	}
	std, _ := load(t, runtime.GOOS)
	for _, name := range std.Scope().Names() {
		if _, ok := std.Scope().Lookup(name).(*types.Var); ok && token.IsExported(name) {
			require.Contains(t, values, name)
		}
	}
	for name, v := range values {
		switch std := v[0].(type) {
		case net.IP:
			require.Equal(t, std, v[1], name)
		default:
			require.True(t, std == v[1], name)
		}
	}
}

// If this fails, a program cannot tell that a system has no reactors.
func TestGroupWithoutReactors(t *testing.T) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1, Strategy: netpoller.PollerNested})
	require.Zero(t, g.Stats())
	require.Same(t, netpoller.DefaultPollerGroup(), netpoller.DefaultPollerGroup())
	err := g.Close()
	require.Equal(t, runtime.GOOS != "linux", errors.Is(err, errors.ErrUnsupported), "%v", err)
}
