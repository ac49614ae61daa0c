package polldesc

// The three who lock PollDesc.mu, as indices of world.crit.
const (
	setterCrit = iota
	timerCrit
	closerCrit
)

// A section is one critical section: SetDeadline, Due or Evict, cut into the steps of
// scenario.order.
type section struct {
	at          uint8 // index into the order plus one; 0: not in a section
	first, last Mode
	gen         uint8 // SetDeadline's
	when        int8  // likewise
	now         int8
	seq         uint8 // Due's
	owed        debt
}

type sectionStep uint8

const (
	enter sectionStep = iota
	publishRead
	publishWrite
	cancelRead
	cancelWrite
	leave
	payRead
	payWrite
)

var rightOrder = []sectionStep{enter, publishRead, publishWrite, cancelRead, cancelWrite, leave, payRead, payWrite}

// A setting is one call of SetDeadline, SetReadDeadline or SetWriteDeadline.
type setting struct {
	first, last Mode
	when        int8
}

// setter takes the next setting of the life, or one from a menu: then it has a pick
// for each.
func (m *model) setter(pick int) bool {
	s := &m.w.crit[setterCrit]
	if s.at > 0 {
		return pick == 0 && m.section(setterCrit)
	}
	settings, n := m.lives[m.w.life].settings, int(m.w.next)
	switch {
	case m.w.slot >= slotFree:
		return false
	case m.picks > 0 && n < m.picks && pick < len(settings):
		settings = settings[pick:]
	case m.picks == 0 && n < len(settings) && pick == 0:
		settings = settings[n:]
	default:
		return false
	}
	m.w.next++
	*s = section{at: 1, first: settings[0].first, last: settings[0].last, gen: m.w.gen, when: settings[0].when, now: m.w.now}
	return m.did("now is read")
}

func (m *model) timer() bool {
	s, fires := &m.w.crit[timerCrit], &m.w.fires
	switch {
	case s.at > 0:
		return m.section(timerCrit)
	case fires[0].seq > 0:
		*s = section{at: 1, last: Write, now: fires[0].now, seq: fires[0].seq}
		*fires = [2]fire{fires[1]}
		if seq := uint64(s.seq); seq != m.pd.deadlines[Read].seq && seq != m.pd.deadlines[Write].seq {
			m.rows[staleDue]++
		}
		return m.section(timerCrit)
	case m.heap.Next() > int64(m.w.now):
		return false
	}
	m.heap.RunDue(int64(m.w.now)) // see model.Due
	for mode := range m.w.side {
		for _, f := range fires {
			if e := &m.w.side[mode].entry; e.seq == f.seq {
				*e = arming{}
			}
		}
	}
	return m.did("RunDue")
}

// clockTick: time passes, up to the last tick of the scenario.
func (m *model) clockTick() bool {
	if m.w.now >= m.clock {
		return false
	}
	m.w.now++
	return m.did("tick")
}

// section takes one step of a critical section.
func (m *model) section(who int) bool {
	s := &m.w.crit[who]
	step := m.order[s.at-1]
	m.did(sectionNames[step])
	switch step {
	case enter:
		if m.w.mu {
			return false
		}
		gen, f := m.pd.info.load()
		stale := who == setterCrit && uint8(gen) != s.gen && !m.anyLife
		if stale || who != timerCrit && f&closing != 0 {
			*s = section{}
			m.failed = who == setterCrit
			return m.did("net.ErrClosed")
		}
		m.w.mu = true
	case publishRead, publishWrite:
		m.publish(who, s, modeOf(step == publishWrite))
	case cancelRead, cancelWrite:
		mode := modeOf(step == cancelWrite)
		if m.word(mode, rowCancel, m.cancel) == actWake {
			s.owed |= 1 << mode
		}
	case leave:
		m.w.mu = false
	case payRead, payWrite:
		mode := modeOf(step == payWrite)
		s.owed &^= 1 << mode
		m.wake(mode)
	}
	m.advance(who)
	return true
}

var sectionNames = [...]string{"lock", "publish R", "publish W", "cancel R", "cancel W", "unlock", "pay R", "pay W"}

// advance moves on to the next step that is not empty.
func (m *model) advance(who int) {
	s := &m.w.crit[who]
	for s.at++; int(s.at) <= len(m.order); s.at++ {
		switch step := m.order[s.at-1]; step {
		case publishRead, publishWrite:
			if s.names(modeOf(step == publishWrite)) {
				return
			}
		case cancelRead, cancelWrite:
			mode := modeOf(step == cancelWrite)
			published := m.pd.info.flags()&(closing|expired(mode)) != 0
			if s.names(mode) && (published || m.cancelBlindly) {
				return
			}
		case payRead, payWrite:
			if s.owed&(1<<modeOf(step == payWrite)) != 0 {
				return
			}
		default:
			return
		}
	}
	*s = section{}
}

func (s *section) names(mode Mode) bool { return s.first <= mode && mode <= s.last }

// publish is what a section does to a side before it cancels. It is one step, though
// it may touch both info and the heap: no actor but those kept out by mu looks at both.
func (m *model) publish(who int, s *section, mode Mode) {
	side := &m.pd.deadlines[mode]
	switch who {
	case setterCrit:
		side.at = int64(s.when)
		m.settled(mode, int64(s.now))
	case timerCrit:
		if side.seq == uint64(s.seq) || !m.compareSeq {
			side.seq = 0
			if m.believe && side.at != 0 {
				m.pd.info.set(expired(mode))
				break
			}
			m.settled(mode, int64(s.now))
		}
	case closerCrit:
		if mode == Read {
			m.pd.info.set(closing)
		} else {
			m.pd.disarm()
			m.w.side[Read].entry, m.w.side[Write].entry = arming{}, arming{}
		}
	}
}

// settled calls settle and notes whether it armed the side's entry.
func (m *model) settled(mode Mode, now int64) {
	before, _ := m.heap.Counts()
	m.settle(m.pd, mode, now)
	if after, _ := m.heap.Counts(); after != before {
		s := &m.pd.deadlines[mode]
		m.w.side[mode].entry = arming{when: int8(s.when), seq: uint8(s.seq)}
	}
}

// A slotStage is how far the closer has come with this life of the slot.
type slotStage uint8

const (
	slotOpen slotStage = iota
	slotEvicting
	slotEvicted
	slotFree
	slotResetRead // Alloc
	slotResetWrite
)

func (m *model) closer() bool {
	last := int(m.w.life) == len(m.lives)-1
	switch m.w.slot {
	case slotOpen:
		if last && m.neverClosed {
			return false
		}
		m.w.slot = slotEvicting
		m.w.crit[closerCrit] = section{at: 1, last: Write}
		fallthrough
	case slotEvicting:
		if !m.section(closerCrit) {
			return false
		}
		if m.w.crit[closerCrit].at == 0 {
			m.w.slot = slotEvicted
		}
	case slotEvicted:
		// Package fd counts references: the last one out closes and frees.
		used := m.w.owners[Read].at != opEnd || m.w.owners[Write].at != opEnd // a setter has no reference
		if last || used {
			return false
		}
		m.w.kernel = kernel{closed: true}
		m.pd.side[Read].leave()
		m.pd.side[Write].leave()
		m.renew(&m.pd.info)
		m.w.slot = slotFree
		return m.did("Free: next generation")
	case slotFree:
		m.word(Read, rowReset, m.reset)
		m.w.slot = slotResetRead
	case slotResetRead:
		m.word(Write, rowReset, m.reset)
		m.w.slot = slotResetWrite
	case slotResetWrite:
		m.pd.info.open()
		m.w.life++
		m.open()
		return m.did("Alloc: open")
	}
	return true
}

// open begins a life: the socket is registered, and listed if it is ready.
func (m *model) open() {
	l := &m.lives[m.w.life]
	m.w.slot, m.w.next = slotOpen, 0
	m.w.kernel = kernel{side: l.kernel, fin: l.fin}
	m.w.kernel.listed = m.w.kernel.events() != 0
	for mode := Read; mode <= Write; mode++ {
		m.w.owners[mode] = owner{}
		m.begin(mode)
	}
}
