package main

// searchPolldesc runs the scenarios of package polldesc. The word after -only= chooses some.
const searchPolldesc = "./polldesc -run TestSearch -short"

// history has the bugs that pollers have had and that can be planted here, in order. The numbers are those of the 24
// histories, of which notPlanted has the rest.
var history = []bug{
	{
		name: "late-connect", number: 1, from: "golang/go#19289",
		question: "A dial was canceled, and its event comes late, to the next dial in the slot. What does that one take it for?",
		file:     "fd/connect_linux.go", mistake: "an edge is taken for a connection",
		tests: []string{"./dialer -run TestSpuriousWakeup"},
		why:   "An edge is a hint. After each one, Connect asks the kernel whether the socket is connected.",
	},
	{
		name: "early-connect", number: 2, from: "golang/go#14548, tokio-rs/tokio#3879",
		question: "A socket that was never connected reports a hang-up and room to write. When may it be registered?",
		file:     "fd/connect_linux.go", mistake: "the socket is registered before connect",
		why: "Connect comes first, and the first wait registers (fact b). Nothing is lost, because registering reports the state.",
	},
	{
		name: "late-facts", number: 3, from: "golang/go#59545",
		question: "An error of a closed connection is fetched, and the slot has a new owner when it is delivered. What does the new owner see?",
		file:     "polldesc/info.go", mistake: "facts are recorded whatever the generation",
		why: "Nothing: the fact and the comparison of the generation are one compare-and-swap (HB-4), which fails for a life that is over.",
	},
	{
		name: "wake-marker", number: 4, from: "golang/go#72900, golang/go#67056",
		question: "The reactor's own eventfd has generation 0. What happens when the generation of a slot wraps?",
		file:     "polldesc/info.go", mistake: "the generation that belongs to no descriptor is given out",
		why: "The generation skips 0, and all 64 bits of the user data are compared.",
	},
	{
		name: "short-tag", number: 5, from: "tokio-rs/tokio#6133",
		question: "How many lives of a slot may pass while the reactor holds an event, before the event is taken for a current one?",
		file:     "polldesc/info.go", mistake: "the generation is cut to 8 bits",
		why: "A tag of 8 bits comes back after 256 lives. Here it has 32 bits, and a test goes across the wrap.",
	},
	{
		name: "after-deregister", number: 6, from: "the tests no_events_after_deregister of tokio-rs/mio",
		question: "Which step of Close makes the events worthless that the reactor has fetched already?",
		file:     "polldesc/info.go", mistake: "the generation is not raised",
		why: "Free raises the generation before the slot can be taken again.",
	},
	{
		name: "lock-order", number: 7, from: "golang/go#35532, golang/go#68273",
		question: "SetDeadline arms a timer under the descriptor's lock. A timer that is due takes that lock. Which lock must not exist?",
		file:     "timer/heap.go", mistake: "the heap has a lock, and tells owners while it holds it",
		tests: []string{searchPolldesc + " -args -only=settings"},
		line:  "		f.entry.Owner.Due(f.seq, now) // DOC: fire",
		why:   "RunDue holds nothing while it calls Due, and Arm needs no lock: the inbox is a stack of atomics.",
	},
	{
		name: "deadline-and-park", number: 8, from: "golang/go#17547, golang/go#17559",
		question: "A deadline in the past is set after the reader has looked, and before it parks. Who wakes it?",
		file:     "polldesc/polldesc.go", mistake: "no check of info after announce",
		why: "Nobody needs to: the reader announces its wait, only then looks (HB-1), and does not park.",
	},
	{
		name: "poisoned-winner", number: 9, from: "golang/go#16523, golang/go#15035",
		question: "A context ends a dial by a deadline in the past, and the connection is made in that moment. What does its owner get?",
		file:     "fd/connect_linux.go", mistake: "a connection that its context came too late for keeps the deadline in the past",
		tests: []string{"./fd -run TestConnectCancelAtAnyMoment"},
		why:   "Connect asks whether the end of the context came before it could be stopped. If so, the dial has failed.",
	},
	{
		name: "readable-but-late", number: 11, from: "src/runtime/netpoll.go: netpollcheckerr comes first",
		question: "There is data, and the deadline has passed. Does a Read return the data?",
		file:     "polldesc/polldesc.go", mistake: "a stored edge counts for more than the deadline",
		why: "No. The look at the deadline comes before the look at the word (D3).",
	},
	{
		name: "growing-count", number: 12, from: "golang/go#60782",
		question: "A counter of waiters only ever grows. Which test notices, and when would a program?",
		file:     "polldesc/cache.go", mistake: "an open descriptor more for each that is freed",
		why: "A test requires each count to be 0 at the end. A program notices when the counter overflows, months later.",
	},
	{
		name: "two-firsts", number: 13, from: "golang/go#22606",
		question: "Two goroutines use the poller first, at the same time. How many pollers are there?",
		file:     "poller/group_linux.go", mistake: "two who pick a Poller first make two",
		why: "One: the second goroutine looks again under the lock.",
	},
	{
		name: "missed-break", number: 13, from: "golang/go#42237, golang/go#42515",
		question: "A flag says that the reactor is being woken, so nobody wakes it twice. When does the reactor clear it?",
		file:     "poller/loop_linux.go", mistake: "the wake flag is cleared after the look",
		line: "			p.waking.Store(false) // HB-7",
		why:  "Before it looks at the deadlines (HB-7). After it, a wake-up in between would find the flag set, and not come.",
	},
	{
		name: "reused-eventfd", number: 14, from: "netty/netty#9362, netty/netty#9586",
		question: "A poller is closed, and a goroutine wakes it a moment later. Which file does the write reach?",
		file:     "poller/poller_linux.go", mistake: "a closed Poller is woken through a descriptor that is not its own",
		why: "The write is made under a lock, after a look whether the poller is closed: no number is used that was given away.",
	},
	{
		name: "double-wait", number: 15, from: "src/runtime/netpoll.go: throw(\"runtime: double wait\")",
		question: "Two Reads of one connection at once: what keeps the second one from the word?",
		file:     "fd/fdmutex.go", mistake: "a side is locked by a store",
		why: "The lock of the side, taken by compare-and-swap. The word has at most one owner (I1).",
	},
	{
		name: "close-forgets", number: 16, from: "golang/go#27752, golang/go#13049",
		question: "A Read is parked, and the connection is closed. Which call wakes the Read?",
		file:     "fd/fd_linux.go", mistake: "Close does not evict",
		why: "Evict publishes that the descriptor is closing, and cancels both words (I5).",
	},
	{
		name: "blocking-child", number: 17, from: "golang/go#43894",
		question: "A child process clears O_NONBLOCK, which it shares with its parent. What becomes of a Read of the parent?",
		file:     "internal/sys/rw_linux.go", mistake: "a read blocks where O_NONBLOCK was cleared",
		tests: []string{"./internal/sys -run TestNeverBlocks -timeout 10s"},
		why:   "Nothing: each call says MSG_DONTWAIT itself, and relies on no flag that other processes can change.",
	},
	{
		name: "million-and-one", number: 18, from: "golang/go#25558, golang/go#32544",
		question: "The count of references has 20 bits. What does the next reference do to the bits above?",
		file:     "fd/fdmutex.go", mistake: "a million and one references overflow",
		why: "It would be added to the waiters of the reading side. The lock panics instead, with the text of package net.",
	},
	{
		name: "eof-before-data", number: 21, from: "smallnest/epoller#11, cloudwego/netpoll#226",
		question: "The peer sends 5 bytes and closes, and both are in one event. What does the next Read return?",
		file:     "fd/rw_linux.go", mistake: "a Read believes a hang-up and leaves the data before it",
		tests: []string{"./fd -run TestDataThenEOF", "./fd -run TestSearch -short"},
		why:   "The 5 bytes. An event tells of the end, but the system call says when it is reached.",
	},
	{
		name: "shadowed-room", number: 22, from: "cloudwego/netpoll#183",
		question: "One event has EPOLLERR and EPOLLOUT. Which sides does it wake?",
		file:     "poller/loop_linux.go", mistake: "an error shadows room to write",
		why: "Both: each system call then returns the error or makes progress.",
	},
	{
		name: "interrupted-call", number: 22, from: "cloudwego/netpoll#212",
		question: "A signal interrupts a system call. Is that an error of the connection?",
		file:     "internal/sys/rw_linux.go", mistake: "a read that a signal interrupts fails",
		tests: []string{"./internal/sys -run TestEINTR"},
		why:   "No. Each call of package sys is made again after EINTR.",
	},
	{
		name: "inherited-socket", number: 23, from: "panjf2000/gnet commit 58d255ff",
		question: "A server starts a program while it has connections. What does the program inherit?",
		file:     "internal/sys/socket_linux.go", mistake: "a socket survives exec",
		why: "Nothing. Each descriptor is made close-on-exec, by the call that makes it.",
	},
	{
		name: "late-reset", number: 24, from: "src/runtime/netpoll.go: pollReset before each operation",
		question: "A Read resets the word after EAGAIN instead of before its system call. Which edge does it erase?",
		file:     "fd/rw_linux.go", mistake: "a Read forgets edges after EAGAIN",
		line:  "if err := fd.prepareRead(); err != nil {",
		tests: []string{"./fd -run TestSearch -short -args -only=waits"},
		why:   "The edge of the data that came after the call, which no other edge announces (HB-3).",
	},
}

// notPlanted has the histories of which no line of this library can be changed to show them, and why.
var notPlanted = []struct {
	number             int
	from, bug, because string
}{
	{10, "golang/go#19519, golang/go#14986", "tests of deadlines fail on a busy machine",
		"It is a mistake of tests. Those here compare orders, and wait for minutes before they say that something never happens."},
	{19, "golang/go#21014", "a poll blocks inside of a FUSE file system, and the process with it",
		"No call of the library opens or polls a file of a file system: all descriptors are sockets, pipes, eventfds and epoll instances of its own, and FileConn refuses what is no socket."},
	{20, "golang/go#61060, golang/go#16266", "write(2) returns more than it was given",
		"No sound kernel does so, and no filter can make one do it. `fd.FD.write` panics in that case, and limits a transfer to 1 GiB."},
	{23, "panjf2000/gnet commits e3152523, f03f0bdf", "one busy connection keeps an edge-triggered loop from all others",
		"The loop reads nothing: it wakes the goroutine of each connection, and goes on."},
}
