package list

var dialerRace = []Mutant{
	{
		Name: "the loser of a race stays open",
		File: "dialer/race_linux.go",
		Old: `			if c != nil {
				c.Close()
			}`,
		New:    `			_ = c`,
		Breaks: "the loser is canceled and closed",
		Tests:  []string{"./dialer -run TestLoserIsClosed"},
	},
	{
		Name: "the loser of a race goes on",
		File: "dialer/race_linux.go",
		Old: `	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type result`,
		New:    `	type result`,
		Breaks: "the loser is canceled and closed",
		Tests:  []string{"./dialer -run TestLoserEnds"},
	},
	{
		Name: "a race waits for the loser",
		File: "dialer/race_linux.go",
		Old: `			if r.err == nil {
				return r.conn, nil
			}`,
		New: `			if r.err == nil && (failed > 0 || r.primary) {
				return r.conn, nil
			}`,
		Breaks: "parallel connects to an address of either family",
		Tests:  []string{"./dialer -run TestRace|TestHeadStart"},
	},
	{
		Name: "a race says what was wrong with the fallback",
		File: "dialer/race_linux.go",
		Old: `			if r.primary {
				primaryErr = r.err`,
		New: `			if primaryErr = r.err; r.primary {
				primaryErr = r.err`,
		Breaks: "the error is that of the first family",
		Tests:  []string{"./dialer -run TestRace"},
	},
	{
		Name: "a primary that fails does not let the fallback start",
		File: "dialer/race_linux.go",
		Old:  `headStart.Reset(0) // DOC: race-early`, New: `headStart.Reset(delay) // DOC: race-early`,
		Breaks: "if that fails, of the other",
		Tests:  []string{"./dialer -run TestRace|TestHeadStart"},
	},
	{
		Name: "a race is over when one has failed",
		File: "dialer/race_linux.go",
		Old:  `if failed++; failed == 2 {`, New: `if failed++; failed == 1 && !r.primary || failed == 2 {`,
		Breaks: "parallel fails when both families have",
		Tests:  []string{"./dialer -run TestRace"},
	},
	{
		Name: "a head start of 0 is none",
		File: "dialer/race_linux.go",
		Old:  `cmp.Or(t.FallbackDelay, defaultFallbackDelay)`, New: `cmp.Or(t.FallbackDelay)`,
		Breaks: "FallbackDelay: 0 means 300 ms",
		Tests:  []string{"./dialer -run TestHeadStart"},
	},
	{
		Name: "a fallback that starts twice",
		File: "dialer/race_linux.go",
		Old: `				if headStart.Stop() {
					headStart.Reset(0) // DOC: race-early
				}`,
		New:    `				headStart.Reset(0) // DOC: race-early`,
		Breaks: "a race has two",
		Tests:  []string{"./dialer -run TestFallbackStartsOnce"},
	},
	{
		Name: "the last address that failed is the one that is reported",
		File: "dialer/race_linux.go",
		Old: `		if err == nil {
			err = oneErr
		}`,
		New:    `		err = oneErr`,
		Breaks: "serial fails with the first one's error",
		Tests:  []string{"./dialer -run TestRace"},
	},
	{
		Name: "an address is tried though the context is done",
		File: "dialer/race_linux.go",
		Old: `		case ctxErr != nil:
			return nil, t.opError(ra, neterr.OfContext(ctxErr))
`,
		New:    "",
		Breaks: "when ctx ends before the connection is made, the dial fails",
		Tests:  []string{"./dialer -run TestCancel|TestGivenUpInTurn"},
	},
	{
		Name: "the error is that of the time, and not of the address that took it",
		File: "dialer/race_linux.go",
		Old: `		case ctxErr == context.DeadlineExceeded && err != nil:
			return nil, err
`,
		New:    "",
		Breaks: "serial fails with the first one's error, also if that one took all the time",
		Tests:  []string{"./dialer -run TestGivenUpInTurn|TestRace"},
	},
	{
		Name: "the time left is shared out among the addresses that were tried, too",
		File: "dialer/race_linux.go",
		Old:  `t.share(ctx, ra, len(addrs)-i)`, New: `t.share(ctx, ra, len(addrs)-0*i)`,
		Breaks: "partialDeadline shares the time out among the addresses that are still to be tried",
		Tests:  []string{"./internal/parity/tcp -run TestDialSharesItsTime"},
	},
	{
		Name: "one address is given all the time",
		File: "dialer/race_linux.go",
		Old:  `if partial.Before(deadline) {`, New: `if false {`,
		Breaks: "several addresses of one host share the Timeout",
		Tests:  []string{"./internal/parity/tcp -run TestDialSharesItsTime"},
	},
	{
		Name: "the least time for an address is given though it is not there",
		File: "dialer/race_linux.go",
		Old:  `max(left/time.Duration(addrs), min(left, saneMinimum))`, New: `max(left/time.Duration(addrs), saneMinimum)`,
		Breaks: "at least saneMinimum while that lasts",
		Tests:  []string{"./dialer -run TestPartialDeadline"},
	},
	{
		Name: "there is no least time for an address",
		File: "dialer/race_linux.go",
		Old:  `max(left/time.Duration(addrs), min(left, saneMinimum))`, New: `left/time.Duration(addrs)`,
		Breaks: "at least saneMinimum while that lasts",
		Tests:  []string{"./dialer -run TestPartialDeadline"},
	},
}
