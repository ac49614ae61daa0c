package list

var listenerUnix = []Mutant{
	{
		Name: "the file of a Unix socket is removed after it was closed",
		File: "listener/unix_linux.go",
		Old: `	l.unlinkOnce.Do(func() {
		if l.unlink && l.path[0] != '@' {
			syscall.Unlink(l.path)
		}
	})
	if err := s.fd.Close(); err != nil {
		return s.opError("close", err)
	}
	return nil
`,
		New: `	err := s.fd.Close()
	l.unlinkOnce.Do(func() {
		if l.unlink && l.path[0] != '@' {
			syscall.Unlink(l.path)
		}
	})
	if err != nil {
		return s.opError("close", err)
	}
	return nil
`,
		Breaks: "Close removes the file before, because afterwards it might be another one's",
		Tests:  []string{"./internal/parity/unix -run TestUnixUnlink"},
	},
	{
		Name: "the file of a Unix socket is removed by each Close",
		File: "listener/unix_linux.go",
		Old: `	l.unlinkOnce.Do(func() {
		if l.unlink && l.path[0] != '@' {
			syscall.Unlink(l.path)
		}
	})
`,
		New: `	if l.unlink && l.path[0] != '@' {
		syscall.Unlink(l.path)
	}
`,
		Breaks: "Close removes the file once",
		Tests:  []string{"./internal/parity/unix -run TestUnixUnlink|TestUnixCloseTwice"},
	},
	{
		Name: "the file of a Unix socket stays",
		File: "listener/unix_linux.go",
		Old:  `path: f.LocalAddr().String(), unlink: true}`, New: `path: f.LocalAddr().String()}`,
		Breaks: "Close removes the socket's file",
		Tests:  []string{"./internal/parity/unix -run TestUnixUnlink"},
	},
	{
		Name: "the name of an abstract Unix socket is removed as a file",
		File: "listener/unix_linux.go",
		Old:  `if l.unlink && l.path[0] != '@' {`, New: `if l.unlink {`,
		Breaks: "an abstract name is no file",
		Tests:  []string{"./internal/parity/unix -run TestAbstractNameIsNoFile"},
	},
}
