package list

var dialerTrace = []Mutant{
	{
		Name: "resolving a name is not traced",
		File: "dialer/trace_linux.go",
		Old: `	others.Elem().Set(hooks)
`, New: ``,
		Breaks: "the DNS hooks stay",
		Tests:  []string{"./dialer -run TestHTTPTrace"},
	},
	{
		Name: "ConnectDone is told of success",
		File: "dialer/trace_linux.go",
		Old:  `end(network, ra.String(), err) }`, New: `end(network, ra.String(), nil) }`,
		Breaks: "ConnectDone is told how it went",
		Tests:  []string{"./dialer -run TestHTTPTrace"},
	},
	{
		Name: "the resolver's own connections are traced",
		File: "dialer/trace_linux.go",
		Old:  `	return context.WithValue(ctx, traceKey(), others.Interface())`, New: `	return ctx`,
		Breaks: "connections that the resolver makes are not traced",
		Tests:  []string{"./dialer -run TestHTTPTraceOfResolver"},
	},
}
