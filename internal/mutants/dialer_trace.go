package main

var dialerTrace = []Mutant{
	{
		Name: "resolving a name is not traced",
		File: "dialer/trace_linux.go",
		Old:  `&httptrace.ClientTrace{DNSStart: trace.DNSStart, DNSDone: trace.DNSDone}`, New: `&httptrace.ClientTrace{}`,
		Breaks: "the DNS hooks stay",
		Tests:  []string{"./dialer -run TestHTTPTrace"},
	},
	{
		Name: "ConnectDone is told of success",
		File: "dialer/trace_linux.go",
		Old:  `trace.ConnectDone(network, address, err) }`, New: `trace.ConnectDone(network, address, nil) }`,
		Breaks: "ConnectDone is told how it went",
		Tests:  []string{"./dialer -run TestHTTPTrace"},
	},
}
