package polldesc

import (
	"math"
	"slices"

	"github.com/a57b2d82/netpoller/timer"
)

// This file, with the other model_*_test.go files, searches every interleaving of
// all that can happen to one descriptor. It is no copy of the code: each step calls
// the real methods on a real PollDesc, which is set to a saved state before the step
// and read back after it.
//
//	peer[Read] peer[Write]                    poller                  owner[Read, Write]
//	     |          |                           |                           |
//	 unit seen   unit seen                      |            Prepare: check, O1 reset
//	     |          |                           |            system call  <----------------+
//	     +----------+--> epoll's list -- fetch: what is      |  EAGAIN                     |
//	                                      ready by now       Wait: check, O2 consume ----->+
//	                                            :                  O3 announce, check      |
//	                                            :                    |          |          |
//	                                       see facts          O5 abort     O4 commit       |
//	                                       edge, wake                |     take a token    |
//	                                       edge, wake                |     O6 collect ---->+
//	                                                             error or system call
//
//	setter  SetDeadline \
//	timer   Due          >  lock, publish R, publish W, cancel R, cancel W, unlock, pay R, pay W
//	closer  Evict       /
//
//	timer   RunDue: what it detached stays in its hand, before Due
//	closer  after Evict, when no owner is left: Free, Alloc, and the slot's next life
//	clock   now++
//
// The poller and the timer may hold what they have for as long as they like, into the
// next life of the slot too.
//
// A world is the descriptor, the socket, and where every actor is. From each world
// every actor takes its step, each in a copy of it, and so on from each world that was
// not seen before. Each method of waitWord has one atomic access that counts, the CAS
// that succeeds or the load after which it returns, so the interleavings of calls are
// all there are. Owners and the poller take no lock; for their sake a critical section
// is split into every step between which they could look.
//
//	model_test.go          worlds, and how the real descriptor gets in and out of one
//	model_actors_test.go   what owners, peers and poller do, step by step
//	model_sections_test.go what happens under PollDesc.mu, and the life of a slot
//	model_search_test.go   the search, and what must be true in every world
//	model_cases_test.go    where the search starts
//	model_mutants_test.go  the mistakes that it must find
//	model_source_test.go   the steps are those of the source, in its order

// A world is all that the future depends on. Worlds are keys of a map: every field is
// small and none is a pointer.
type world struct {
	desc            // the real descriptor
	mu     bool     // PollDesc.mu is held
	life   uint8    // of the slot, an index into scenario.lives
	now    int8     // the clock
	owners [2]owner // by Mode
	kernel kernel
	hand   event      // what the poller fetched and has not delivered
	next   uint8      // the setter's next setting in this life
	slot   slotStage  // how far the closer is
	crit   [3]section // the critical sections of setter, timer and closer
	fires  [2]fire    // what the timer detached and has not told
}

// A desc is a PollDesc at rest.
type desc struct {
	gen   uint8
	flags uint8
	timed bool
	side  [2]descSide // by Mode
}

type descSide struct {
	word   uint8
	tokens uint8 // in the channel
	seated bool
	given  uint8 // tokens in the seat
	at     int8
	when   int8
	seq    uint8  // renumbered, see canon
	entry  arming // what the heap holds
}

// An arming is an entry in the heap, if seq is not 0.
type arming struct {
	when int8
	seq  uint8
}

// A fire is an entry that was due and has left the heap, if seq is not 0.
type fire struct {
	now int8
	seq uint8
}

// A model is a descriptor that can be put into any world.
type model struct {
	scenario
	protocol

	w     world // being stepped; w.desc is out of date until save
	cache *Cache
	pd    *PollDesc
	heap  *timer.Heap

	label  string              // what the last step did, for counterexamples
	rows   map[string]int      // how often each row of the table was taken
	wrong  string              // what the last step did wrong
	failed bool                // an operation or SetDeadline failed
	look   func(*world) string // looks at every world, if set
}

func newModel(s scenario, p protocol) *model {
	m := &model{scenario: s, protocol: p, rows: map[string]int{}}
	m.heap = timer.New(func() {})
	env := testEnv
	env.Now = func() int64 { return int64(m.w.now) }
	m.cache = NewCache(m.heap, env)
	m.pd = m.cache.Alloc()
	m.pd.makeDeadlines()
	for i := range m.pd.side {
		m.pd.side[i].token = make(chan struct{}, 1)
	}
	return m
}

// A turn is a Seat that its owner takes every second time, so that each medium comes
// after the other.
type turn struct {
	m    *model
	side *side
	n    int // tokens
}

func (s *turn) Sit() bool { return !s.side.seating.seated() }
func (s *turn) Take()     { s.n-- }
func (s *turn) Give()     { s.n++ }

func (s *turn) Close() {
	if s.n > 0 {
		s.m.wrong = "a seat is left with a token in it"
	}
}

// restoreSeat gives a side its seat, if there are any in the scenario.
func (m *model) restoreSeat(s *side, from *descSide) {
	if !m.seats {
		s.seating.set(from.seated, 0)
		return
	}
	s.seating.set(from.seated, earned)
	var seat Seat = &turn{m, s, int(from.given)}
	s.seat.Store(&seat)
}

// given counts the tokens in the seat of a side.
func (s *side) given() uint8 {
	if seat := s.seat.Load(); seat != nil {
		return uint8((*seat).(*turn).n)
	}
	return 0
}

// Due makes a model the owner of its descriptor's entries: what RunDue detaches goes
// into the timer's hand.
func (m *model) Due(seq uint64, now int64) {
	i := slices.Index(m.w.fires[:], fire{})
	m.w.fires[i] = fire{now: int8(now), seq: uint8(seq)}
}

// restore makes the real descriptor what it is in w.
func (m *model) restore(w *world) {
	m.w = *w
	m.pd.info.w.Store(uint64(w.gen)<<32 | uint64(w.flags))
	m.pd.timed = w.timed
	for i := range w.side {
		from, to := &w.side[i], &m.pd.side[i]
		to.word.g.Store(state(from.word))
		for len(to.token) > int(from.tokens) {
			<-to.token
		}
		for len(to.token) < int(from.tokens) {
			to.token <- struct{}{}
		}
		m.restoreSeat(to, from)
		to.due.Store(int64(from.at))
		d := &m.pd.deadlines[i]
		d.at, d.when, d.seq = int64(from.at), int64(from.when), uint64(from.seq)
	}
}

// restoreHeap builds a heap that has given out sequence numbers as far as they occur
// in w, holds what w says it holds, and looked just now.
func (m *model) restoreHeap(w *world) {
	m.heap = timer.New(func() {})
	m.cache.heap = m.heap
	for i := range m.pd.side {
		m.pd.deadlines[i].entry = timer.Entry{Owner: m}
	}
	for seq := uint8(1); seq <= w.lastSeq(); seq++ {
		switch e := &w.side; seq {
		case e[Read].entry.seq:
			m.heap.Arm(&m.pd.deadlines[Read].entry, int64(e[Read].entry.when))
		case e[Write].entry.seq:
			m.heap.Arm(&m.pd.deadlines[Write].entry, int64(e[Write].entry.when))
		default:
			var gone timer.Entry
			m.heap.Arm(&gone, math.MinInt64)
			m.heap.Disarm(&gone)
		}
	}
	m.heap.RunDue(math.MinInt64) // which forgets those that are gone
}

// save reads the real descriptor back into the world. What the heap holds is in it
// already: see settled.
func (m *model) save() {
	gen, f := m.pd.info.load()
	m.w.gen, m.w.flags, m.w.timed = uint8(gen), uint8(f), m.pd.timed
	for i := range m.w.side {
		from, to := &m.pd.side[i], &m.w.side[i]
		to.word = uint8(from.word.g.Load())
		to.tokens = uint8(len(from.token))
		to.seated, to.given = from.seating.seated(), from.given()
		d := &m.pd.deadlines[i]
		to.at, to.when, to.seq = int8(d.at), int8(d.when), uint8(d.seq)
		if to.seq == 0 {
			to.when = 0 // without meaning then
		}
	}
	if m.clock > 0 {
		m.w.canon()
	}
}

// agrees reports whether the heap holds what the world says it holds.
func (m *model) agrees() bool {
	n, next := 0, int64(timer.Never)
	for i := range m.w.side {
		if e := m.w.side[i].entry; e.seq > 0 {
			n++
			next = min(next, int64(e.when))
		}
	}
	return m.heap.Len() == n && m.heap.Next() <= next // earlier: a look in vain
}

// seqs returns every place in w where there is a sequence number.
func (w *world) seqs() [7]*uint8 {
	r, t := &w.side[Read], &w.side[Write]
	return [...]*uint8{&r.seq, &r.entry.seq, &t.seq, &t.entry.seq,
		&w.fires[0].seq, &w.fires[1].seq, &w.crit[timerCrit].seq}
}

func (w *world) lastSeq() (last uint8) {
	seqs := w.seqs()
	for _, seq := range seqs {
		last = max(last, *seq)
	}
	return last
}

// canon renumbers the sequence numbers 1, 2, ... in their order. Only their order and
// equality matter, and without this no two worlds with a deadline would be the same.
func (w *world) canon() {
	var used [256]bool
	for _, seq := range w.seqs() {
		used[*seq] = true
	}
	var rank [256]uint8
	n := uint8(0)
	for seq := 1; seq < len(used); seq++ {
		if used[seq] {
			n++
			rank[seq] = n
		}
	}
	for _, seq := range w.seqs() {
		*seq = rank[*seq]
	}
}
