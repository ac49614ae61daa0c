package list

var connNetfd = []Mutant{
	{
		Name: "what is never closed stays open",
		File: "conn/netfd_linux.go",
		Old:  `	runtime.SetFinalizer(f, (*NetFD).Close) // DOC: finalizer`, New: `	// DOC: finalizer`,
		Breaks: "one that nobody refers to any more is closed by the garbage collector",
		Tests:  []string{"./conn -run TestGarbageIsClosed"},
	},
	{
		Name: "an accepted connection without a reactor stays open",
		File: "conn/netfd_linux.go",
		Old: `		c.pfd.Close()
		return nil, err
	}
	c.setAddrs`,
		New: `		return nil, err
	}
	c.setAddrs`,
		Breaks: "golang/go#34392: no descriptor is left, and the listener works on",
		Tests:  []string{"./listener -run TestAcceptedWithoutReactor"},
	},
	{
		Name: "a connection does not inherit that its listener is exposed",
		File: "conn/netfd_linux.go",
		Old: `	c.pfd.InheritOptions(&f.pfd)
`, New: "",
		Breaks: "FD.InheritOptions: the kernel copies a listener's options to its connections",
		Tests:  []string{"./internal/parity/options -run TestLowWaterMark"},
	},
	{
		Name: "a connection of a Multipath TCP listener is always Multipath TCP",
		File: "conn/netfd_linux.go",
		Old: `		return fd.KindMaybeTCP
`,
		New: `		return fd.KindStream
`,
		Breaks: "a peer that speaks plain TCP has the short-read rule",
		Tests:  []string{"./conn -run TestKindsOfAccepted"},
	},
	{
		Name: "Multipath TCP holds the short-read rule",
		File: "conn/netfd_linux.go",
		Old:  `if f.proto == syscall.IPPROTO_TCP {`, New: `if f.proto == syscall.IPPROTO_TCP || f.proto == MultipathTCP {`,
		Breaks: "Kind: Multipath TCP is another byte stream",
		Tests:  []string{"./conn -run TestKinds"},
	},
	{
		Name: "a sequence of packets is a stream",
		File: "conn/netfd_linux.go",
		Old: `		return fd.KindSeqPacket
`,
		New: `		return fd.KindPacket
`,
		Breaks: "SeqPacket ends with an empty read",
		Tests:  []string{"./internal/parity/unix -run TestUnixPackets"},
	},
	{
		Name: "File keeps net's copy open",
		File: "conn/netfd_linux.go",
		Old: `	defer theirs.Close()
`,
		New:    "",
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/file -run TestFile"},
	},
	{
		Name: "File keeps our copy open",
		File: "conn/netfd_linux.go",
		Old: `	defer file.Close()
`,
		New:    "",
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/file -run TestFile"},
	},
	{
		Name: "a File of a blocking socket makes it non-blocking",
		File: "conn/netfd_linux.go",
		Old:  `	if sys.Blocks(dup) {`, New: `	if false {`,
		Breaks: "File leaves O_NONBLOCK as it is",
		Tests:  []string{"./internal/parity/file -run TestSecondFileLeavesTheMode"},
	},
}
