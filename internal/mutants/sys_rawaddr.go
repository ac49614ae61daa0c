package main

var sysRawaddr = []Mutant{
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
		Breaks: "SetUnix fails with EINVAL if the name is too long",
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
