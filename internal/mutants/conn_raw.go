package main

var connRaw = []Mutant{
	{
		Name: "a raw connection may be garbage while it is used",
		File: "conn/raw_linux.go",
		Old: `func (c *rawConn) wait(op string, err error) error {
	runtime.KeepAlive(c.fd)
`,
		New: `func (c *rawConn) wait(op string, err error) error {
`,
		Breaks:     "a socket is closed by the garbage collector only when nobody refers to it",
		Tests:      []string{"./conn -run TestRaw"},
		Equivalent: "the error names the network of the same socket afterwards, which refers to it",
	},
}
