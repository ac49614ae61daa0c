package list

var fdDeadline = []Mutant{
	{
		Name: "SetWriteDeadline sets the read deadline too",
		File: "fd/deadline_linux.go",
		Old:  `return fd.setDeadline(t, polldesc.Write, polldesc.Write)`, New: `return fd.setDeadline(t, polldesc.Read, polldesc.Write)`,
		Breaks: "SetWriteDeadline is for Write and Connect",
		Tests:  []string{"./fd -run TestDeadlineForTheParked"},
	},
	{
		Name: "a deadline is set in whatever life the slot has",
		File: "fd/deadline_linux.go",
		Old:  `fd.pd.SetDeadline(fd.gen, first`, New: `fd.pd.SetDeadline(fd.pd.Token().Gen, first`,
		Breaks: "HB-4",
		Tests:  []string{"./fd -run TestConnectCancelAtAnyMoment"},
	},
}
