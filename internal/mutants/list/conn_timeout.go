package list

var connTimeout = []Mutant{
	{
		Name: "SetLimits has its sides the wrong way round",
		File: "conn/timeout_linux.go",
		Old:  `c.netFD().setLimits(read, write)`, New: `c.netFD().setLimits(write, read)`,
		Breaks: "WithTimeout(c, read, write)",
		Tests:  []string{"./conn -run TestTimeoutConnProgress"},
	},
	{
		Name: "a second WithTimeout limits the first",
		File: "conn/timeout.go",
		Old: `	if before, ok := c.(*TimeoutConn); ok {
		limited.Conn = before.Conn
	}
`,
		New:    "",
		Breaks: "a second WithTimeout replaces the limits",
		Tests:  []string{"./conn -run TestTimeoutConnTwice|TestTimeoutConnSilentPeer"},
	},
	{
		Name: "CloseWrite of a TimeoutConn closes the reading side",
		File: "conn/timeout.go",
		Old:  `		return closer.CloseWrite()`, New: `		_ = closer
		return c.CloseRead()`,
		Breaks: "TimeoutConn keeps the methods of the connection in it",
		Tests:  []string{"./conn -run TestTimeoutConnKeepsMethods"},
	},
}
