package list

var connBatch = []Mutant{
	{
		Name: "a packet of a batch has the address of the first",
		File: "conn/batch_linux.go",
		Old:  `addrPort(b.Addr(i))`, New: `addrPort(b.Addr(0))`,
		Breaks: "ReadBatch: Addr is who sent the packet",
		Tests:  []string{"./conn -run TestBatchOfTwoSenders"},
	},
	{
		Name: "an address of a batch is written to, though a caller has kept it",
		File: "conn/batch_linux.go",
		Old: `if a, ok := old.(*net.UDPAddr); ok && a != nil && sameAddr(a, from) {
		return old
	}`,
		New: `if a, ok := old.(*net.UDPAddr); ok && a != nil && ip.Is4() && len(a.IP) == net.IPv4len {
		copy(a.IP, ip.AsSlice())
		a.Port = int(from.Port())
		return old
	}`,
		Breaks: "ReadBatch: an Addr is never written to",
		Tests:  []string{"./conn -run TestBatchAddresses"},
	},
	{
		Name: "an address of a batch that differs in its port is taken for the same",
		File: "conn/batch_linux.go",
		Old:  ` && a.Port == int(b.Port())`, New: ``,
		Breaks: "ReadBatch: Addr is who sent the packet",
		Tests:  []string{"./conn -run TestBatchAddresses"},
	},
	{
		Name: "a batch with a bad address in it is not written at all",
		File: "conn/batch_linux.go",
		Old: `			if i == 0 {
				return 0, c.batchError(ms, err)
			}
			break
`,
		New: `			return 0, c.batchError(ms, err)
`,
		Breaks: "WriteBatch: what is wrong with the first of the rest the next call tells",
		Tests:  []string{"./conn -run TestBatchErrors|TestPartialBatches"},
	},
	{
		Name: "a batch is not freed",
		File: "conn/batch_linux.go",
		Old: `	b := newBatch(ms)
	defer b.Free()
	for i := range ms {
		b.Add(`,
		New: `	b := newBatch(ms)
	for i := range ms {
		b.Add(`,
		Breaks: "ReadBatch allocates nothing",
		Tests:  []string{"./conn -run TestAllocsOfBatches"},
	},
}
