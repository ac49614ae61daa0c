package polldesc

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The model calls the real methods, but in which order they are called it repeats
// from Wait, Edge, SetDeadline and the others. These tests keep that from becoming
// another program. One compares the order with the source. One runs the real function
// wherever the model is about to begin it, and compares what comes of it. That cannot
// come between the steps of a real Wait, whose way depends on what happens there; so
// the text of Wait is compared as a whole.

// sourceCalls is which methods each function calls and how it uses channels, in the
// order of the text; opposite each, the step of the model that stands for it.
var sourceCalls = map[string][][2]string{
	"Prepare": {
		{"pd.checkClock", "prepCheck"},
		{"pd.side[m].word.reset", "prepReset"},
	},
	"Edge": {
		{"pd.info.see", "edgeSee"},
		{"pd.side[m].word.edge", "edgeRead, edgeWrite"},
		{"pd.side[m].count", "who has a seat in the model has earned it for good"},
		{"pd.side[m].wake", "edgeWakeRead, edgeWakeWrite"},
	},
	"SetDeadline": {
		{"pd.mu.Lock", "enter"},
		{"pd.info.load", "enter"},
		{"pd.mu.Unlock", "enter, when closing"},
		{"pd.hasDeadlines", "newModel has made them"},
		{"pd.makeDeadlines", "newModel has made them"},
		{"pd.settle", "publishRead, publishWrite"},
		{"pd.cancel", "cancelRead, cancelWrite"},
		{"pd.mu.Unlock", "leave"},
		{"pd.pay", "payRead, payWrite"},
	},
	"Limit": { // SetDeadline, of one side
		{"pd.mu.Lock", "enter"},
		{"pd.info.flags", "enter"},
		{"pd.mu.Unlock", "enter, when closing"},
		{"pd.makeDeadlines", "newModel has made them"},
		{"pd.settle", "publishRead, publishWrite"},
		{"pd.cancel", "cancelRead, cancelWrite"},
		{"pd.mu.Unlock", "leave"},
		{"pd.pay", "payRead, payWrite"},
	},
	"Interrupt": { // SetDeadline, of one side, with another bit
		{"pd.mu.Lock", "enter"},
		{"pd.info.set", "publishRead, publishWrite"},
		{"pd.cancel", "cancelRead, cancelWrite"},
		{"pd.mu.Unlock", "leave"},
		{"pd.pay", "payRead, payWrite"},
	},
	"Due": {
		{"pd.mu.Lock", "enter"},
		{"pd.settle", "publishRead, publishWrite"},
		{"pd.cancel", "cancelRead, cancelWrite"},
		{"pd.mu.Unlock", "leave"},
		{"pd.pay", "payRead, payWrite"},
	},
	"Evict": {
		{"pd.mu.Lock", "enter"},
		{"pd.info.flags", "enter"},
		{"pd.mu.Unlock", "enter, when closing"},
		{"pd.info.set", "publishRead"},
		{"pd.disarm", "publishWrite"},
		{"pd.cancel", "cancelRead, cancelWrite"},
		{"pd.mu.Unlock", "leave"},
		{"pd.pay", "payRead, payWrite"},
	},
	"settle": { // one step: see model.publish
		{"pd.deadlines[m].due", "publish"},
		{"pd.side[m].due.Store", "publish; it is what at is"},
		{"pd.info.set", "publish"},
		{"pd.info.flags", "publish"},
		{"pd.info.clear", "publish"},
		{"pd.guard", "publish"},
	},
	"cancel": {
		{"pd.info.flags", "advance"},
		{"pd.side[m].word.cancel", "cancelRead, cancelWrite"},
	},
	"pay": {{"pd.side[m].wake", "payRead, payWrite"}},
	"wake": {
		{"s.resume.Load", "nobody subscribes"},
		{"c.env.Go", "nobody subscribes"},
		{"race.Hide", ""},
		{"s.seating.seated", "one step"},
		{"(*s.seat.Load()).Give", "one step"},
		{"s.seat.Load", "one step"},
		{"s.token <-", "one step"},
		{"race.Show", ""},
	},
	"take": {
		{"s.seating.seated", "waitToken"},
		{"(*s.seat.Load()).Take", "waitToken"},
		{"s.seat.Load", "waitToken"},
		{"<-s.token", "waitToken"},
	},
	"check": {{"pd.info.flags", "one step"}},
	"checkClock": { // one step, though a tick or SetDeadline may come between: then it began earlier
		{"pd.check", "one step"},
		{"pd.side[m].due.Load", "one step"},
		{"pd.cache.env.Now", "one step"},
	},
	"Free": {
		{"pd.side[m].word.busy", "nobody is left"},
		{"pd.side[m].leave", "slotEvicted"},
		{"c.mu.Lock", "slotEvicted"},
		{"pd.info.renew", "slotEvicted"},
		{"c.mu.Unlock", "slotEvicted"},
	},
	"Alloc": {
		{"c.mu.Lock", "slotFree"},
		{"c.grow", "slotFree"},
		{"c.mu.Unlock", "slotFree"},
		{"pd.side[m].word.reset", "slotFree, slotResetRead"},
		{"pd.info.open", "slotResetWrite"},
	},
}

// If this failed, the source would do something, or in an order, that the model does
// not search: change the model's steps, then this table.
func TestModelHasTheStepsOfTheSource(t *testing.T) {
	got := map[string][]string{}
	for _, name := range []string{"polldesc.go", "deadline.go", "subscribe.go", "seat.go", "cache.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				got[f.Name.Name] = callsOf(f)
			}
		}
	}
	for name, steps := range sourceCalls {
		var want []string
		for _, s := range steps {
			want = append(want, s[0])
		}
		require.Equal(t, want, got[name], "calls of %s", name)
	}
}

// sourceOfWait is the text of Wait and of what it calls, with the steps of model.owner as
// comments.
const sourceOfWait = `package polldesc

func (pd *PollDesc) Wait(m Mode) error {
	s := &pd.side[m]
	s.choose(pd.cache) // waitChoose
	for {
		if parked, err := pd.park(m); !parked {
			return err // or sysCall
		}
		s.take()                         // waitToken
		if s.word.collect() == actCall { // waitCollect
			return nil // sysCall
		} // waitCheck
	}
}

func (pd *PollDesc) park(m Mode) (parked bool, err error) {
	s := &pd.side[m]
	for {
		if err := pd.checkClock(m); err != nil { // waitCheck
			return false, err
		}
		if s.word.consume() == actCall { // waitConsume
			return false, nil // sysCall
		}
		if s.word.announce() == actRecheck { // waitAnnounce
			continue // waitCheck
		}
		if err := pd.check(m); err != nil { // waitRecheck
			if s.word.abort() == actFail { // waitAbort
				return false, err
			}
			return false, nil // sysCall
		}
		if s.word.commit() == actPark { // waitCommit
			return true, nil // waitToken
		}
		if s.word.collect() == actCall { // waitCollect
			return false, nil // sysCall
		} // waitCheck
	}
}
`

// If this failed, Wait would take another way than the owners of the model do: change
// model.owner, then the text above.
func TestModelHasTheWaitOfTheSource(t *testing.T) {
	for _, name := range []string{"Wait", "park"} {
		require.Equal(t, textOf(t, "", sourceOfWait, name), textOf(t, "polldesc.go", nil, name))
	}
}

// textOf returns a function of a file, without comments and empty lines.
func textOf(t *testing.T, file string, src any, name string) string {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, file, src, parser.SkipObjectResolution)
	require.NoError(t, err)
	var b strings.Builder
	for _, d := range f.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			require.NoError(t, format.Node(&b, files, f))
		}
	}
	return strings.ReplaceAll(b.String(), "\n\n", "\n")
}

// callsOf lists the method calls, sends and receives of a function.
func callsOf(f *ast.FuncDecl) (calls []string) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if method, ok := n.Fun.(*ast.SelectorExpr); ok {
				calls = append(calls, types.ExprString(method))
			}
		case *ast.SendStmt:
			calls = append(calls, types.ExprString(n.Chan)+" <-")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				calls = append(calls, types.ExprString(n))
			}
		}
		return true
	})
	return calls
}

// An outcome is what a call has changed, and whether it failed.
type outcome struct {
	info   uint64
	timed  bool
	side   [2]sideOutcome
	heap   int
	next   int64
	armed  uint64
	failed bool
}

type sideOutcome struct {
	word     state
	tokens   int
	seated   bool
	given    uint8
	due      int64
	at, when int64
	seq      uint64
}

func (m *model) outcome(failed bool) outcome {
	o := outcome{info: m.pd.info.w.Load(), timed: m.pd.timed, failed: failed}
	for i := range m.pd.side {
		s, d := &m.pd.side[i], &m.pd.deadlines[i]
		o.side[i] = sideOutcome{s.word.g.Load(), len(s.token), s.seating.seated(), s.given(), s.due.Load(), d.at, d.when, d.seq}
	}
	o.heap, o.next = m.heap.Len(), m.heap.Next()
	o.armed, _ = m.heap.Counts()
	return o
}

// If this failed, a function of the package and the model's steps for it would come
// to different ends though nobody came between, so that one of them is wrong.
func TestModelDoesWhatTheSourceDoes(t *testing.T) {
	compared := map[string]int{}
	for _, s := range scenarios() {
		if s.big && (s.clock == 0 || testing.Short() || underRace()) {
			continue
		}
		m := newModel(s, realProtocol())
		m.look = func(w *world) string { return m.compare(w, compared) }
		_, err := m.run()
		require.NoError(t, err, s.name)
	}
	t.Log("calls compared:", compared)
}

// A call is one of the package's functions, in steps and for real.
type call struct {
	name string
	step func(*model) bool // of the actor that makes it
	over func() bool
	real func() error
}

// compare makes every call that could begin in w both ways, alone. A Wait that parks
// is left out: see TestWaitParksAsTheModelDoes.
func (m *model) compare(w *world, compared map[string]int) string {
	prepare := func() {
		m.restore(w)
		if m.clock > 0 {
			m.restoreHeap(w)
		}
		m.failed = false
	}
	for _, c := range m.beginning(w) {
		prepare()
		steps := 0
		for c.step(m) && !c.over() {
			steps++
		}
		if steps == 0 && !c.over() || c.name == "Wait" && m.parks() {
			continue
		}
		model := m.outcome(m.failed)

		prepare()
		if source := m.outcome(c.real() != nil); source != model {
			return fmt.Sprintf("%s: the source comes to %+v and the model to %+v", c.name, source, model)
		}
		compared[c.name]++
	}
	return ""
}

func (m *model) parks() bool {
	return m.w.owners[Read].at == waitToken || m.w.owners[Write].at == waitToken
}

// beginning returns the calls that an actor may be about to make in w.
func (m *model) beginning(w *world) (calls []call) {
	for mode := Read; mode <= Write; mode++ {
		was, is := w.owners[mode], &m.w.owners[mode]
		switch step := actors[mode].step; was.at {
		case prepCheck:
			calls = append(calls, call{"Prepare", step,
				func() bool { return is.op != was.op || is.at == sysCall },
				func() error { return m.pd.Prepare(mode) }})
		case m.waits():
			calls = append(calls, call{"Wait", step,
				func() bool { return is.op != was.op || is.at == sysCall || is.at == waitToken },
				func() error { return m.pd.Wait(mode) }})
		}
	}
	if h := w.hand; h.at == edgeSee {
		calls = append(calls, call{"Edge", (*model).poller,
			func() bool { return m.w.hand.at == edgeFetch },
			func() error { m.pd.Edge(uint32(h.gen), h.e); return nil }})
	}
	if w.mu {
		return calls
	}
	if s := w.crit[setterCrit]; s.at == 1 {
		calls = append(calls, call{"SetDeadline", func(m *model) bool { return m.setter(0) },
			func() bool { return m.w.crit[setterCrit].at == 0 },
			func() error { return m.pd.SetDeadline(uint32(s.gen), s.first, s.last, int64(s.when), int64(s.now)) }})
	}
	if f := w.fires[0]; f.seq > 0 && w.crit[timerCrit].at == 0 {
		calls = append(calls, call{"Due", (*model).timer,
			func() bool { return m.w.crit[timerCrit].at == 0 },
			func() error { m.pd.Due(uint64(f.seq), int64(f.now)); return nil }})
	}
	switch w.slot {
	case slotOpen:
		calls = append(calls, call{"Evict", (*model).closer,
			func() bool { return m.w.slot == slotEvicted },
			func() error { m.pd.Evict(); return nil }})
	case slotEvicted:
		calls = append(calls, call{"Free, Alloc", (*model).closer,
			func() bool { return m.w.slot == slotOpen },
			func() error { m.cache.Free(m.pd); m.pd = m.cache.Alloc(); return nil }})
	}
	return calls
}

// If this failed, Wait would do something else than the model once it was parked and
// woken.
func TestWaitParksAsTheModelDoes(t *testing.T) {
	for _, word := range []state{idle, ready} {
		for _, f := range []flags{0, closing, readExpired, writeExpired, closing | readExpired} {
			// What the world has become by the time the token comes.
			wake := func(pd *PollDesc) {
				pd.info.set(f)
				pd.side[Read].word.g.Store(word)
				pd.side[Read].wake(pd.cache)
			}
			m := newModel(scenario{lives: []life{{ops: [2]string{"x"}}}, room: [2]uint8{1, 1}}, realProtocol())
			m.open()
			is := &m.w.owners[Read]
			for m.owner(Read) {
			}
			require.Equal(t, waitToken, is.at)
			wake(m.pd)
			for m.owner(Read) && is.at != sysCall {
			}

			pd := newTestDesc()
			result := make(chan error)
			go func() { result <- pd.Wait(Read) }()
			awaitWord(t, pd, Read, parked)
			wake(pd)
			switch is.at {
			case sysCall:
				require.NoError(t, ended(t, result))
			case opEnd:
				require.Error(t, ended(t, result))
			case waitToken:
				awaitWord(t, pd, Read, parked)
				pd.Edge(pd.Token().Gen, Readable)
				require.NoError(t, ended(t, result))
			default:
				t.Fatalf("the model is at step %d", is.at)
			}
		}
	}
}
