package list

var connTimeoutDeadline = []Mutant{
	{
		Name: "a deadline of a limit stays after the operation",
		File: "conn/timeout_deadline.go",
		Old: `	if l.busy--; l.busy == 0 {
		l.over = time.Time{}
		l.update()
	}`,
		New: `	if l.busy--; l.busy == 0 {
		l.over = time.Time{}
	}`,
		Breaks: "WithTimeout: a deadline is taken back after each Read and Write",
		Tests:  []string{"./conn -run TestTimeoutConnDeadlines|TestTimeoutConnLeavesNothing"},
	},
	{
		Name: "the first of several operations to end takes the limit of all",
		File: "conn/timeout_deadline.go",
		Old:  `if l.busy--; l.busy == 0 {`, New: `if l.busy--; true {`,
		Breaks: "WithTimeout: a Read that has waited for longer than its limit fails",
		Tests:  []string{"./conn -run TestTimeoutConnTwoReads"},
	},
	{
		Name: "a Write over another connection is not extended",
		File: "conn/timeout_deadline.go",
		Old:  ` || !c.writes.extend() {`, New: ` {`,
		Breaks: "a Write that has made progress when the deadline comes gets another",
		Tests:  []string{"./conn -run TestTimeoutConnProgress"},
	},
	{
		Name: "a Write over another connection begins again at the front",
		File: "conn/timeout_deadline.go",
		Old:  `c.Conn.Write(p[nn:])`, New: `c.Conn.Write(p)`,
		Breaks: "Write: all of p, in order",
		Tests:  []string{"./conn -run TestTimeoutConnProgress"},
	},
	{
		Name: "the caller's deadline loses against a limit that is later",
		File: "conn/timeout_deadline.go",
		Old:  `!l.over.IsZero() && l.over.Before(l.deadline)`, New: `!l.over.IsZero()`,
		Breaks: "what comes first ends an operation",
		Tests:  []string{"./conn -run TestTimeoutConnDeadlines"},
	},
	{
		Name: "a deadline is set beside an operation without the lock",
		File: "conn/timeout_deadline.go",
		Old: `func (l *limiter) setDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
`,
		New: `func (l *limiter) setDeadline(t time.Time) error {
`,
		Breaks: "mu guards the deadline",
		Tests:  []string{"-race ./conn -run TestTimeoutConnRaces"},
	},
	{
		Name: "a closed pipe takes no deadline and so is not read to its end",
		File: "conn/timeout_deadline.go",
		Old:  `if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {`, New: `if err == nil || errors.Is(err, net.ErrClosed) {`,
		Breaks: "a Read of a net.Pipe whose other end is closed is at the end",
		Tests:  []string{"./conn -run TestTimeoutConnEnd"},
	},
}
