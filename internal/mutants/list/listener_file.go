package list

var listenerFile = []Mutant{
	{
		Name: "a listener made of a file removes it",
		File: "listener/file_linux.go",
		Old:  `path: laddr.Name}`, New: `path: laddr.Name, unlink: true}`,
		Breaks: "a Unix socket's file is nobody's to remove then",
		Tests:  []string{"./internal/parity/unix -run TestUnixUnlink", "./internal/parity/file -run TestFileOfEveryKind"},
	},
	{
		Name: "a file of no listener stays open",
		File: "listener/file_linux.go",
		Old: `	s.Close()
	return nil, conn.FileError`,
		New:    `	return nil, conn.FileError`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/file -run TestFailedFileConnsAreClosed"},
	},
}
