package list

var listenerListenconfig = []Mutant{
	{
		Name: "a listener's backlog is lost on the way",
		File: "listener/listenconfig_linux.go",
		Old:  `Backlog: lc.Backlog, `, New: ``,
		Breaks: "ListenConfig.Backlog",
		Tests:  []string{"./listener -run TestBacklog"},
	},
	{
		Name: "ReusePort is lost on the way",
		File: "listener/listenconfig_linux.go",
		Old:  `, ReusePort: lc.ReusePort}`, New: `}`,
		Breaks: "ListenConfig.ReusePort",
		Tests:  []string{"./internal/parity/options -run TestReusePort"},
	},
	{
		Name: "a listener's Group is lost on the way",
		File: "listener/listenconfig_linux.go",
		Old:  `Group: lc.Poller, `, New: ``,
		Breaks: "ListenConfig.Poller",
		Tests:  []string{"./listener -run TestPoller"},
	},
	{
		Name: "a Control hook is not called",
		File: "listener/listenconfig_linux.go",
		Old:  `	if lc.Control != nil {`, New: `	if lc.Control != nil && sotype != syscall.SOCK_DGRAM {`,
		Breaks: "Control is called with each new socket",
		Tests:  []string{"./internal/parity/udp -run TestUDPControlHook"},
	},
	{
		Name: "a typed nil listener comes with the error",
		File: "listener/listenconfig_linux.go",
		Old: `	if err != nil {
		return nil, listenError(network, laddr, err)
	}
	return l, nil`,
		New: `	if err != nil {
		return l, listenError(network, laddr, err)
	}
	return l, nil`,
		Breaks: "Listen that fails returns nil",
		Tests:  []string{"./internal/parity/udp -run TestErrorsOfBadListen|TestErrorsOfListen", "./internal/parity/errors -run TestErrorsOfBadListen|TestErrorsOfListen", "./internal/parity/ip -run TestErrorsOfListen", "./internal/parity/unix -run TestErrorsOfListen"},
	},
}
