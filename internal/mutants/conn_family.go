package main

var connFamily = []Mutant{
	{
		Name: "somaxconn is cut to 16 bits",
		File: "conn/family_linux.go",
		Old: `	return int(n)
})`,
		New: `	return int(uint16(n))
})`,
		Breaks: "golang/go#41470: the backlog is not truncated",
		Tests:  []string{". -run TestDefaultBacklog"},
	},
}
