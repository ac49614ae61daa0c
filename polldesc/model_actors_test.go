package polldesc

// A kernel is what it knows about the socket of this life.
type kernel struct {
	side   [2]kernelSide // by Mode
	fin    finStage
	listed bool // on epoll's list of descriptors to look at
	closed bool
}

type kernelSide struct {
	ready  uint8 // units that a system call can have now
	coming uint8 // units the peer has yet to send, or to make room for
	late   bool  // there is one more to have, but epoll does not know yet
}

type finStage uint8

const (
	noFIN finStage = iota
	finComing
	finHere
)

// ready reports whether a system call of mode m would not say EAGAIN.
func (k *kernel) ready(m Mode) bool {
	return k.side[m].ready > 0 || m == Read && k.fin == finHere
}

// events is what epoll reports: not what put the descriptor on the list, but what is
// true when it is fetched.
func (k *kernel) events() (e Events) {
	for m := Read; m <= Write; m++ {
		if k.ready(m) {
			e |= Readable << m
		}
	}
	if k.fin == finHere {
		e |= RDHUP
	}
	return e
}

// peer is a step of the other end: first the data is there, then epoll is told.
func (m *model) peer(mode Mode) bool {
	k := &m.w.kernel
	s := &k.side[mode]
	switch {
	case k.closed:
		return false
	case s.late:
		s.late, k.listed = false, true
		return m.did("listed")
	case s.coming > 0:
		s.coming--
		s.ready++
		s.late = true
		return m.did("unit")
	case mode == Read && k.fin == finComing:
		k.fin = finHere
		s.late = true
		return m.did("FIN")
	}
	return false
}

// An event is in the poller's hand: PollDesc.Edge, cut into steps.
type event struct {
	at  edgePlace
	gen uint8
	e   Events

	seated bool // a mutant's: where the reader was when the event came
}

type edgePlace uint8

const (
	edgeFetch edgePlace = iota
	edgeSee
	edgeFacts // a mutant's
	edgeRead
	edgeWakeRead
	edgeWrite
	edgeWakeWrite
)

func (e event) facts() flags { return flags(e.e) / flags(RDHUP) * seenRDHUP & seen }

func (m *model) poller() bool {
	h, k := &m.w.hand, &m.w.kernel
	switch h.at {
	case edgeFetch:
		if !k.listed {
			return false
		}
		k.listed = false
		if e := k.events(); e != 0 {
			*h = event{at: edgeSee, gen: m.w.gen, e: e}
		}
		return m.did("fetch")
	case edgeSee: // of whatever life the event is
		h.seated = m.looksEarly && m.pd.side[Read].seating.seated()
		facts := h.facts()
		if m.factsLate {
			facts, h.at = 0, edgeFacts
		}
		if !m.see(&m.pd.info, uint32(h.gen), facts) {
			*h = event{}
			m.rows[staleEdge]++
			return m.did("see: another life")
		}
		if h.at == edgeSee {
			m.skipEdges(Read)
		}
		return m.did("see")
	case edgeFacts:
		m.pd.info.set(h.facts())
		m.skipEdges(Read)
		return m.did("facts")
	case edgeRead, edgeWrite:
		mode := modeOf(h.at == edgeWrite)
		h.at++
		if m.word(mode, rowEdge, m.edge) != actWake {
			m.skipEdges(mode + 1)
		}
		return true
	default:
		mode := modeOf(h.at == edgeWakeWrite)
		m.wake(mode)
		m.skipEdges(mode + 1)
		return true
	}
}

// skipEdges moves the poller on to the first side from mode on that its event names.
func (m *model) skipEdges(mode Mode) {
	h := &m.w.hand
	for ; mode <= Write; mode++ {
		if h.e&(Readable<<mode) != 0 {
			h.at = edgeRead + 2*edgePlace(mode)
			return
		}
	}
	*h = event{}
}

// wake sends the token that a step before owes.
func (m *model) wake(mode Mode) {
	m.did(names[mode] + " is sent a token")
	s := &m.pd.side[mode]
	if len(s.token) > 0 || s.given() > 0 {
		m.wrong = "a second token is sent"
		return
	}
	if h := &m.w.hand; m.looksEarly && h.at == edgeWakeRead {
		defer s.seating.set(s.seating.seated(), s.seating.quiet())
		s.seating.set(h.seated, s.seating.quiet())
	}
	s.wake(m.cache)
}

// An owner runs one operation after the other on its side: package fd's loop of
// Prepare, system call, Wait.
type owner struct {
	at      place
	op      uint8 // index into its operations
	drained bool  // package fd's short-read rule: the stream was seen empty
}

type place uint8

const (
	opBegin      place = iota // local: never in a saved world
	prepCheck                 // Prepare: pd.checkClock
	prepReset                 //          O1
	sysCall                   // the system call
	factsCheck                // pd.Exceptional, after a short read
	waitChoose                // Wait: where to park, if there are seats
	waitCheck                 //       pd.checkClock
	waitConsume               //       O2
	waitAnnounce              //       O3
	waitRecheck               //       pd.check
	waitAbort                 //       O5
	waitCommit                //       O4
	waitToken                 //       the token, or parked
	waitCollect               //       O6
	lateReset                 // a mutant's O1, after EAGAIN
	lateChoose                // a mutant's choice, after O4
	opEnd                     // no operation left: the side is let go
)

// Operations, as letters of scenario.ops.
const (
	opTransfer = 'x' // Read, Write: transfer something, wait until that is possible
	opTouch    = 't' // Prepare and nothing else, as a RawRead that needs no data
)

var names = [...]string{Read: "reader", Write: "writer"}

func modeOf(write bool) Mode {
	if write {
		return Write
	}
	return Read
}

func (m *model) owner(mode Mode) bool {
	o := &m.w.owners[mode]
	switch o.at {
	case opEnd:
		return false
	case prepCheck, waitCheck:
		if m.checkClock(m.pd, mode) != nil {
			m.fail(mode)
			return m.did("check: error")
		}
		if at := m.pd.deadlines[mode].at; at != 0 && at <= int64(m.w.now) && !m.w.mu {
			m.wrong = names[mode] + " goes on though its deadline has passed"
		}
		o.at++
		return m.did("check")
	case prepReset:
		m.did("no reset")
		if m.resetFirst {
			m.word(mode, rowReset, m.reset)
		}
		o.at = sysCall
		if m.lives[m.w.life].ops[mode][o.op] == opTouch {
			m.finish(mode)
		}
	case sysCall:
		m.transfer(mode)
	case factsCheck:
		o.drained = !m.heedFacts || !m.pd.Exceptional()
		m.finish(mode)
		return m.did("short read: facts")
	case waitConsume:
		m.follow(mode, m.word(mode, rowConsume, m.consume), waitAnnounce)
	case waitAnnounce:
		m.follow(mode, m.word(mode, rowAnnounce, m.announce), waitRecheck)
	case waitRecheck:
		o.at = waitCommit
		if m.recheck && m.pd.check(mode) != nil {
			o.at = waitAbort
		}
		return m.did("check, announced")
	case waitAbort:
		m.follow(mode, m.word(mode, rowAbort, m.abort), opBegin)
	case waitCommit:
		m.follow(mode, m.word(mode, rowCommit, m.commit), waitCollect)
	case waitChoose:
		m.pd.side[mode].choose(m.cache)
		o.at = waitCheck
		return m.did("chooses where to park")
	case waitToken:
		s := &m.pd.side[mode]
		if s.seating.seated() && s.given() == 0 || !s.seating.seated() && len(s.token) == 0 {
			return false
		}
		s.take()
		o.at = waitCollect
		return m.did("token taken")
	case waitCollect:
		m.follow(mode, m.word(mode, rowCollect, m.collect), opBegin)
	case lateReset:
		o.at = waitCheck
		m.word(mode, rowReset, m.reset)
	case lateChoose:
		m.pd.side[mode].choose(m.cache)
		o.at = waitToken
		return m.did("chooses where to park")
	}
	return true
}

// follow does what the action obliges the owner to do; what it does on any other is
// otherwise.
func (m *model) follow(mode Mode, a action, otherwise place) {
	o := &m.w.owners[mode]
	switch a {
	case actCall:
		o.at, o.drained = sysCall, false
	case actRecheck:
		o.at = waitCheck
	case actPark:
		o.at = waitToken
		if m.choosesLate {
			o.at = lateChoose
		}
	case actFail:
		m.fail(mode)
	default:
		o.at = otherwise
	}
}

// transfer is the system call.
func (m *model) transfer(mode Mode) {
	o, k := &m.w.owners[mode], &m.w.kernel
	n := min(k.side[mode].ready, m.room[mode])
	if !k.ready(mode) {
		m.did("system call: EAGAIN")
		o.at = m.waits()
		if m.resetLate {
			o.at = lateReset
		}
		return
	}
	m.did("system call transfers")
	k.side[mode].ready -= n
	if m.shortRead && mode == Read && 0 < n && n < m.room[mode] {
		o.at = factsCheck
		return
	}
	m.finish(mode)
}

// waits is where a Wait begins.
func (m *model) waits() place {
	if m.seats && !m.choosesLate {
		return waitChoose
	}
	return waitCheck
}

// finish ends an operation and begins the next.
func (m *model) finish(mode Mode) {
	m.w.owners[mode].op++
	m.begin(mode)
}

func (m *model) fail(mode Mode) {
	m.failed = true
	m.finish(mode)
}

func (m *model) begin(mode Mode) {
	o := &m.w.owners[mode]
	ops := m.lives[m.w.life].ops[mode]
	switch {
	case int(o.op) >= len(ops):
		*o = owner{at: opEnd, op: o.op}
	case ops[o.op] == opTransfer && o.drained:
		o.at = m.waits()
		if m.resetDrained {
			o.at = lateReset
		}
	default:
		o.at = prepCheck
		o.drained = o.drained && m.touchKeepsDrained && ops[o.op] == opTouch
	}
}

// did labels the step and returns true: it was taken.
func (m *model) did(what string) bool {
	m.label = what
	return true
}
