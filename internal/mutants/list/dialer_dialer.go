package list

var dialerDialer = []Mutant{
	{
		Name: "the later of Timeout and Deadline counts",
		File: "dialer/dialer_linux.go",
		Old:  `timeout.Before(d.Deadline)`, New: `timeout.After(d.Deadline)`,
		Breaks: "deadline returns the earlier",
		Tests:  []string{"./dialer -run TestDialerDeadline"},
	},
	{
		Name: "a Timeout of 0 has passed",
		File: "dialer/dialer_linux.go",
		Old: `	case d.Timeout == 0:
		return d.Deadline
`,
		New:    "",
		Breaks: "Timeout: 0 means as long as the kernel tries",
		Tests:  []string{"./dialer -run TestDialerDeadline"},
	},
	{
		Name: "a Cancel channel that is closed is not heeded",
		File: "dialer/dialer_linux.go",
		Old: `			case <-d.Cancel:
				cancel()
			case <-ctx.Done():`,
		New: `			case <-d.Cancel:
			case <-ctx.Done():`,
		Breaks: "Cancel cancels the dial when it is closed",
		Tests:  []string{"./dialer -run TestCancelChannelEndsDial"},
	},
	{
		Name: "the goroutine that heeds a Cancel channel stays",
		File: "dialer/dialer_linux.go",
		Old: `			select {
			case <-d.Cancel:
				cancel()
			case <-ctx.Done():
			}`,
		New: `			<-d.Cancel
			cancel()`,
		Breaks: "a program that has closed its sockets has no goroutine of ours",
		Tests:  []string{"./dialer -run TestCancel|TestNothingLeft|TestContextEndsLater"},
	},
	{
		Name: "a Cancel channel that was closed before comes too late",
		File: "dialer/dialer_linux.go",
		Old: `	case <-d.Cancel: // closed already: the dial must not succeed first
		cancel()
`,
		New: `	case <-d.Cancel: // closed already: the dial must not succeed first
		go cancel()
`,
		Breaks: "Cancel cancels the dial when it is closed",
		Tests:  []string{"./dialer -run TestCancelBefore"},
	},
	{
		Name: "a negative FallbackDelay races",
		File: "dialer/dialer_linux.go",
		Old:  `if d.FallbackDelay >= 0 && network == "tcp" {`, New: `if network == "tcp" {`,
		Breaks: "FallbackDelay: a negative value means that they do not race",
		Tests:  []string{"./dialer -run TestRace|TestHeadStart"},
	},
	{
		Name: "networks of one family race",
		File: "dialer/dialer_linux.go",
		Old:  `if d.FallbackDelay >= 0 && network == "tcp" {`, New: `if d.FallbackDelay >= 0 {`,
		Breaks:     "a network of one family has one",
		Tests:      []string{"./dialer -run TestRace"},
		Equivalent: "Partition finds no second family among the addresses of one, and other networks have one address",
	},
	{
		Name: "the connections that resolving needs are traced",
		File: "dialer/dialer_linux.go",
		Old:  `resolve.ForDial(withoutConnectHooks(ctx), `, New: `resolve.ForDial(ctx, `,
		Breaks: "hooks are not meant for the connections that resolving a name may need",
		Tests:  []string{"./dialer -run TestHTTPTrace"},
	},
}
