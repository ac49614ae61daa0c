// Package tracer records what the core does, while someone wants to know: each transition of the
// words that owners wait on, each deadline, each registration, in rings of a fixed size.
//
// Where it stands: below the packages that record (polldesc, poller, fd). Package trace reads:
// it starts and stops, and writes text and files.
//
//	polldesc poller fd --Record--> rings <--Snapshot-- trace
//
// To record allocates nothing and waits for nobody. While nothing is recorded, an event costs a
// load and a branch.
package tracer

// A Kind says what happened. The first are the rows of the table in polldesc/state.go.
type Kind uint8

const (
	// Transitions of a side's word. Was and Is are states: see States.
	O1 Kind = iota // reset
	O2             // consume
	O3             // announce
	O4             // commit; Arg is where the owner parks: see Parkers
	O5             // abort
	O6             // collect
	E1             // edge: idle; Arg is what epoll reported, for all of E: polldesc.Events
	E2             // edge: ready
	E3             // edge: wait
	E4             // edge: parked
	U1             // cancel: idle
	U2             // cancel: ready
	U3             // cancel: wait
	U4             // cancel: parked

	// The life of a descriptor.
	Open     // Slot and Gen are in use from now on; Arg is the descriptor
	Register // with epoll; Arg is the descriptor
	Watch    // for writing too
	Unwatch  // for reading only
	Evict    // closed: operations fail from now on
	Free     // Gen is over

	// The ends of the operations of a side.
	SetDeadline // Arg is when, on the clock of Event.Time; 0 for none
	Armed       // an entry of the heap; Arg is when
	Due         // an arming came due, and guards a side; Arg is when it was to
	StaleDue    // an arming came due, and guards no side any more
	Expired     // the deadline has passed, and is published; Arg is when it did
	Interrupt   // a context, or stop of a notification

	// The reactor.
	Poll       // Arg is how many events epoll_wait returned
	StaleEvent // an event of a generation that is over; Arg is what epoll reported
	Wake       // the reactor is woken to look at its deadlines

	// System calls on the descriptor; Arg is the result, or the negated errno.
	Recv
	Send
	Accept
	Connect

	kinds
)

// Names are those of the kinds, by Kind.
var Names = [kinds]string{
	"O1 reset", "O2 consume", "O3 announce", "O4 commit", "O5 abort", "O6 collect",
	"E1 edge", "E2 edge", "E3 edge", "E4 edge", "U1 cancel", "U2 cancel", "U3 cancel", "U4 cancel",
	"open", "register", "watch writes", "unwatch writes", "evict", "free",
	"set deadline", "armed", "due", "due, stale", "expired", "interrupt",
	"poll", "stale event", "wake reactor",
	"recv", "send", "accept", "connect",
}

// States are the names of a word's states, by the value of the state.
var States = [...]string{"idle", "ready", "wait", "parked"}

// Parkers are the names of the places where an owner parks, by the Arg of O4.
var Parkers = [...]string{"channel", "eventfd", "notification"}

// The values of Event.Side.
const (
	Read uint8 = iota
	Write
	Both // or neither: the event is the descriptor's, or the reactor's
)

// Sides are their names.
var Sides = [...]string{"read", "write", ""}

// An Event is one thing that happened.
type Event struct {
	Time    int64 // on the clock of package clock, in nanoseconds
	Reactor uint16
	Kind    Kind
	Side    uint8
	Was, Is uint8 // states, of a transition
	Slot    uint32
	Gen     uint32 // 0 for an event of the reactor
	Arg     int64
}

// IsTransition reports whether k is a row of the table.
func (k Kind) IsTransition() bool { return k <= U4 }

// IsCall reports whether k is a system call.
func (k Kind) IsCall() bool { return k >= Recv }

func (k Kind) String() string { return Names[k] }
