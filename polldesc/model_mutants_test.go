package polldesc

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mutant is the protocol with one mistake in it.
type mutant struct {
	name   string
	breaks string // the note, invariant or row of state.go that it ignores
	where  string // how the names of the scenarios begin that it is tried in
	change func(*protocol)
	says   string // what the search must find wrong
}

var mutants = []mutant{
	{"no check of info after announce", "HB-1", "1 reads", func(p *protocol) {
		p.recheck = false
	}, "never learns of the error"},

	{"info published after the words are cancelled", "HB-1, I5", "1 reads", func(p *protocol) {
		p.order = []sectionStep{enter, cancelRead, cancelWrite, publishRead, publishWrite, leave, payRead, payWrite}
		p.cancelBlindly = true
	}, "never learns of the error"},

	{"an edge is dropped when nobody waits", "HB-2", "1 reads", func(p *protocol) {
		p.edge = func(w *waitWord) action {
			if w.g.Load() == idle {
				return actNone
			}
			return (*waitWord).edge(w)
		}
	}, "could go on"},

	{"reset after EAGAIN", "HB-3", "2 reads", func(p *protocol) {
		p.resetFirst, p.resetLate = false, true
	}, "could go on"},

	{"three states: no wait, and no drain on abort", "I2", "1 reads", func(p *protocol) {
		p.announce = func(w *waitWord) action {
			if w.g.CompareAndSwap(idle, parked) {
				return actCheck
			}
			return actRecheck
		}
		p.commit = func(*waitWord) action { return actPark }
		p.commitsEarly = true
		p.abort = func(w *waitWord) action {
			w.g.Store(idle)
			return actFail
		}
	}, "I2"},

	{"facts recorded whatever the generation", "HB-4, I6", "reuse", func(p *protocol) {
		p.see = func(i *info, gen uint32, f flags) bool {
			i.set(f)
			return true
		}
	}, "RDHUP was seen in a life that has none"},

	{"the generation is not raised", "HB-4", "reuse", func(p *protocol) {
		p.renew = func(i *info) {
			gen, _ := i.load()
			i.w.Store(uint64(gen)<<32 | uint64(closing))
		}
	}, "RDHUP was seen in a life that has none"},

	{"the generation is compared, then the fact is recorded", "HB-4", "reuse", func(p *protocol) {
		p.factsLate = true
	}, "RDHUP was seen in a life that has none"},

	{"the word is rebuilt from a fact and the generation", "I5", "both deadlines: and", func(p *protocol) {
		p.see = func(i *info, gen uint32, f flags) bool {
			ok := i.see(gen, f)
			if ok && f != 0 {
				i.w.Store(uint64(gen)<<32 | uint64(f))
			}
			return ok
		}
	}, "not closing any more"},

	{"an arming that comes due is believed", "D1, HB-5", "deadline", func(p *protocol) {
		p.believe = true
	}, "expired before its deadline"},

	{"Due does not ask whose arming it is", "HB-5", "deadlines: a sharer", func(p *protocol) {
		p.compareSeq = false
	}, "no arming guards"},

	{"a shared arming moves and one side stays behind", "D2", "both deadlines", func(p *protocol) {
		p.settle = func(pd *PollDesc, m Mode, now int64) {
			other := &pd.deadlines[1-m]
			seq, when := other.seq, other.when
			pd.settle(m, now)
			other.seq, other.when = seq, when
		}
	}, "no arming guards"},

	{"a later deadline is not looked at again", "D1", "deadline", func(p *protocol) {
		p.settle = func(pd *PollDesc, m Mode, now int64) {
			if d := &pd.deadlines[m]; d.seq == 0 && pd.timed && d.at > now {
				return // it was armed once
			}
			pd.settle(m, now)
		}
	}, "no arming guards"},

	{"an owner relies on what is published", "D3", "deadline", func(p *protocol) {
		p.checkClock = (*PollDesc).check
	}, "goes on though its deadline has passed"},

	{"a deadline is set in whatever life the slot has", "HB-4", "reuse with", func(p *protocol) {
		p.anyLife = true
	}, "set in another life"},

	{"a stored edge is cancelled with a token", "I2", "1 reads", func(p *protocol) {
		p.cancel = func(w *waitWord) action {
			if w.g.Load() == ready {
				return actWake
			}
			return (*waitWord).cancel(w)
		}
	}, "I2"},

	{"the poller looks where the owner parks before it takes the word", "I3", "seats", func(p *protocol) {
		p.looksEarly = true
	}, "could go on"},

	{"the owner chooses where to park after its commit", "I2", "seats", func(p *protocol) {
		p.choosesLate = true
	}, "could go on"},

	{"the owner spins instead of parking", "O4", "1 reads", func(p *protocol) {
		p.commit = func(w *waitWord) action {
			w.g.CompareAndSwap(wait, idle)
			return actCollect
		}
	}, "go round for ever"},

	{"collect erases an edge", "I4", "1 reads", func(p *protocol) {
		p.collect = func(w *waitWord) action {
			(*waitWord).collect(w)
			return actRecheck
		}
	}, "could go on"},

	{"a short read: the next waits, and a FIN came with the data", "I6", "short", func(p *protocol) {
		p.heedFacts = false
	}, "could go on"},

	{"a short read: another operation forgets the edge", "I4", "short", func(p *protocol) {
		p.touchKeepsDrained = true
	}, "could go on"},

	{"a short read: the next resets before it waits", "HB-3", "short", func(p *protocol) {
		p.resetDrained = true
	}, "could go on"},

	{"a short read: abort erases an edge", "O5", "short", func(p *protocol) {
		p.abort = func(w *waitWord) action {
			(*waitWord).abort(w)
			return actFail
		}
	}, "could go on"},

	{"a short read: cancellation erases an edge", "U2", "short", func(p *protocol) {
		p.cancel = func(w *waitWord) action {
			if w.g.CompareAndSwap(ready, idle) {
				return actNone
			}
			return (*waitWord).cancel(w)
		}
	}, "could go on"},
}

// If a mutant got through, the search would be blind to the mistake it stands for,
// and its silence about the real protocol worth nothing.
func TestMutants(t *testing.T) {
	for _, mu := range mutants {
		t.Run(mu.name, func(t *testing.T) {
			p := realProtocol()
			mu.change(&p)
			for _, s := range scenarios() {
				if !strings.HasPrefix(s.name, mu.where) {
					continue
				}
				states, err := newModel(s, p).run()
				if err != nil {
					t.Logf("ignores %s; caught after %d states of %q:\n%v", mu.breaks, states, s.name, err)
					require.ErrorContains(t, err, mu.says)
					return
				}
			}
			t.Fatal("no scenario shows that this is wrong")
		})
	}
}
