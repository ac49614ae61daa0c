package list

var sysRawaddr = []Mutant{
	{
		Name: "a port of 65535 is none",
		File: "internal/sys/rawaddr_linux.go",
		Old:  `port > math.MaxUint16`, New: `port >= math.MaxUint16`,
		Breaks: "RawAddr.Err: a port that does not fit 16 bits",
		Tests:  []string{"./internal/sys -run TestRawAddr", "./internal/parity/udp -run TestHighestPort"},
	},
	{
		Name: "a negative port is one",
		File: "internal/sys/rawaddr_linux.go",
		Old:  `if port < 0 || port > `, New: `if port > `,
		Breaks: "RawAddr.Err: a port that does not fit 16 bits",
		Tests:  []string{"./internal/sys -run TestImpossibleAddress"},
	},
	{
		Name: "SendTo gives the kernel an impossible address",
		File: "internal/sys/rw_linux.go",
		Old: `		if err := to.Err(); err != nil {
			return 0, err
		}
`,
		New:        "",
		Breaks:     "RawAddr.Err: SendTo fails with that error",
		Tests:      []string{"./internal/sys -run TestImpossibleAddress"},
		Equivalent: "Linux refuses the length",
	},
	{
		Name: "SendMsg gives the kernel an impossible address",
		File: "internal/sys/msg_linux.go",
		Old: `		if err := to.Err(); err != nil {
			return 0, err
		}
`,
		New:        "",
		Breaks:     "RawAddr.Err: SendMsg fails with that error",
		Tests:      []string{"./internal/sys -run TestImpossibleAddress"},
		Equivalent: "Linux refuses the length since 3.14",
	},
	{
		Name: "the name of a path has no end",
		File: "internal/sys/rawaddr_linux.go",
		Old: `		a.len++ // a path ends with a zero byte
`,
		New:        "",
		Breaks:     "SetUnix: a path ends with a zero byte",
		Tests:      []string{"./internal/sys -run TestRawAddr", "./internal/parity/unix -run TestUnix"},
		Equivalent: "Linux ends a path itself",
	},
	{
		Name: "a path of the greatest length has no room for its end",
		File: "internal/sys/rawaddr_linux.go",
		Old:  `len(name) > len(sa.Path) || len(name) == len(sa.Path) && name[0] != '@' && name[0] != 0`, New: `len(name) > len(sa.Path)`,
		Breaks: "RawAddr.Err: a name that is too long",
		Tests:  []string{"./internal/parity/unix -run TestErrorsOfUnixWriteToTooLong|TestUnix"},
	},
	{
		Name: "a name that fills the path is read on",
		File: "internal/sys/rawaddr_linux.go",
		Old: `	if n < 0 {
		n = len(name)
	}
`,
		New: `	if n < 0 {
		n = len(name) - 1
	}
`,
		Breaks: "RawAddr.Unix returns the whole name",
		Tests:  []string{"./internal/sys -run TestRawAddr"},
	},
	{
		Name: "an IPv6 address has no zone",
		File: "internal/sys/rawaddr_linux.go",
		Old:  `Addr: ip, Scope_id: zone}`, New: `Addr: ip}`,
		Breaks: "SetInet6: zone is the number of an interface",
		Tests:  []string{"./internal/sys -run TestRawAddr"},
	},
	{
		Name:   "a port has the processor's byte order",
		File:   "internal/sys/rawaddr_linux.go",
		Old:    `return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(make([]byte, 0, 2), uint16(port)))`,
		New:    `return binary.NativeEndian.Uint16(binary.NativeEndian.AppendUint16(make([]byte, 0, 2), uint16(port)))`,
		Breaks: "bigEndian returns a port as the network orders its bytes",
		Tests:  []string{"./internal/sys -run TestRawAddr|TestPackets"},
	},
}
