package list

var connFile = []Mutant{
	{
		Name: "a socket of a file does not know that it is shared",
		File: "conn/file_linux.go",
		Old: `	s.pfd.MarkExposed() // another program may still have it
`,
		New:    "",
		Breaks: "FD.MarkExposed",
		Tests:  []string{"./internal/parity/file -run TestFileConnReadsOnAfterShortRead"},
	},
	{
		Name: "a file that is no socket keeps a copy open",
		File: "conn/file_linux.go",
		Old: `		sys.CloseFD(sysfd)
		return nil, netFileError(f, err)`,
		New:    `		return nil, netFileError(f, err)`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/file -run TestFileLeavesNothing"},
	},
	{
		Name: "a socket of a file that cannot be watched stays open",
		File: "conn/file_linux.go",
		Old: `		s.pfd.Close()
		return nil, err`,
		New:    `		return nil, err`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/file -run TestFailedFileConnsAreClosed"},
	},
	{
		Name: "a file of no packets stays open",
		File: "conn/file_linux.go",
		Old: `	s.Close()
	return nil, FileError(f, syscall.EINVAL)`,
		New:    `	return nil, FileError(f, syscall.EINVAL)`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/file -run TestFailedFileConnsAreClosed"},
	},
	{
		Name: "a socket of a file may block",
		File: "conn/file_linux.go",
		Old: `	if err := syscall.SetNonblock(sysfd, true); err != nil {
		return nil, nil, os.NewSyscallError("setnonblock", err)
	}
`,
		New:    "",
		Breaks: "FileSocket returns a copy, non-blocking",
		Tests:  []string{"./internal/parity/file -run TestFileConnDoesNotBlock"},
	},
}
