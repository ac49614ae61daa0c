package timer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// operations returns how many operations the two owners make.
func operations() [][2]uint8 {
	all := [][2]uint8{{1, 1}, {2, 0}, {3, 0}, {2, 1}} // {2, 2} and {3, 1} hold too, in two minutes
	if testing.Short() || underRace() {
		return all[:3]
	}
	return all
}

// If this failed, an entry could be forgotten, or its owner told of another arming.
func TestModel(t *testing.T) {
	p := realProtocol()
	for _, ops := range operations() {
		worlds, wrong := p.search(ops)
		require.Empty(t, wrong, "%d operations", ops)
		t.Logf("%d and %d operations: %d worlds", ops[0], ops[1], worlds)
	}
}

// swapped returns an order in which two neighbors have changed places.
func swapped(order []modelStep, a, b modelStep) []modelStep {
	order = slices.Clone(order)
	i := slices.Index(order, a)
	if order[i+1] != b {
		panic("no neighbors")
	}
	order[i], order[i+1] = b, a
	return order
}

func without(order []modelStep, s ...modelStep) []modelStep {
	return slices.DeleteFunc(slices.Clone(order), func(o modelStep) bool { return slices.Contains(s, o) })
}

// moved returns an order in which the steps come right before another.
func moved(order []modelStep, before modelStep, s ...modelStep) []modelStep {
	order = without(order, s...)
	return slices.Insert(order, slices.Index(order, before), s...)
}

// Each of these mistakes must be found, or the search looks at nothing.
func TestMutants(t *testing.T) {
	for name, mutate := range map[string]func(p *protocol){
		"seq is stored after when":                   func(p *protocol) { p.arm = swapped(p.arm, storeSeq, swapWhen) },
		"when is stored after the inbox":             func(p *protocol) { p.arm = moved(p.arm, lookNext, swapWhen) },
		"next is lowered before the inbox is filled": func(p *protocol) { p.arm = moved(p.arm, lookLink, lookNext, lowerNext, wake) },
		"no wake-up":                                func(p *protocol) { p.arm = without(p.arm, wake) },
		"the wake-up precedes what it is about":     func(p *protocol) { p.arm = moved(p.arm, lookNext, wake) },
		"next is reset after the inbox is taken":    func(p *protocol) { p.run = swapped(p.run, runReset, takeInbox) },
		"next is reset after all has its place":     func(p *protocol) { p.run = moved(p.run, firstPlace, runReset) },
		"link is cleared after when is read":        func(p *protocol) { p.run = swapped(p.run, clearLink, readWhen) },
		"link is never cleared":                     func(p *protocol) { p.run = without(p.run, clearLink) },
		"what is due: seq is read before when":      func(p *protocol) { p.run = swapped(p.run, expire, readDue) },
		"what is due: the seq of the place is told": func(p *protocol) { p.placeSeq = true },
		"next is not lowered at the end":            func(p *protocol) { p.run = without(p.run, runLookNext, runLowerNext) },
	} {
		t.Run(name, func(t *testing.T) {
			p := realProtocol()
			mutate(&p)
			var found string
			for _, ops := range operations() {
				if _, found = p.search(ops); found != "" {
					break
				}
			}
			require.NotEmpty(t, found, "not found")
			t.Log(found)
		})
	}
}

// modelCalls are the calls in the source and the steps that they are.
var modelCalls = map[string][][2]string{
	"Arm": {
		{"race.Release", ""}, {"race.Hide", ""},
		{"h.seq.Add", "takeSeq"},
		{"e.seq.Store", "storeSeq"},
		{"e.when.swap", "swapWhen"}, {"h.armed.Add", "swapWhen: only Len reads it"},
		{"h.post", ""},
		{"h.lower", ""},
		{"h.wake", "wake"},
		{"race.Show", ""},
	},
	"post":  {{"e.link.Load", "lookLink"}, {"h.inbox.Load", "lookInbox"}, {"e.link.Store", "storeLink"}, {"h.inbox.CompareAndSwap", "pushInbox"}},
	"lower": {{"h.next.Load", "lookNext"}, {"h.next.CompareAndSwap", "lowerNext"}},
	"Disarm": {
		{"race.Hide", ""},
		{"e.when.swap", "owner"}, {"h.armed.Add", "owner: only Len reads it"},
		{"race.Show", ""},
	},
	"RunDue": {
		{"h.Next", "runLook"},
		{"h.next.Store", "runReset"},
		{"h.settle", ""},
		{"h.detach", ""},
		{"h.lower", "runLookNext, runLowerNext"}, {"h.first", ""},
		{"h.armed.Add", "expire: only Len reads it"}, {"h.fired.Add", "statistics"},
		{"f.entry.Owner.Due", "tell"},
	},
	"settle": {
		{"h.inbox.Swap", "takeInbox"},
		{"e.link.Load", "nextPosted"},
		{"e.link.Store", "clearLink"},
		{"race.Acquire", ""},
		{"e.when.load", "readWhen"},
		{"h.place", "readSeq"}, {"e.seq.Load", "readSeq"},
	},
	"detach": {
		{"p.entry.when.load", "keeps"},
		{"p.entry.when.expire", "expire"},
		{"p.entry.seq.Load", "readDue"},
		{"h.remove", "leave"},
	},
}

// If this failed, the source would do something, or in an order, that the model does not
// search: change the model's steps, then this table.
func TestModelHasTheStepsOfTheSource(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "heap.go", nil, 0)
	require.NoError(t, err)
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || modelCalls[f.Name.Name] == nil {
			continue
		}
		var want, got []string
		for _, c := range modelCalls[f.Name.Name] {
			want = append(want, c[0])
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if text := types.ExprString(call.Fun); strings.Contains(text, ".") {
					got = append(got, text)
				}
			}
			return true
		})
		require.Equal(t, want, got, "calls of %s", f.Name.Name)
		delete(modelCalls, f.Name.Name)
	}
	require.Empty(t, modelCalls)
}
