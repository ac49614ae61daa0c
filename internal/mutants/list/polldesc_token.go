package list

var polldescToken = []Mutant{
	{
		Name: "a token's generation is cut to 16 bits",
		File: "polldesc/token.go",
		Old:  `return int32(t.Slot), int32(t.Gen) }`, New: `return int32(t.Slot), int32(uint16(t.Gen)) }`,
		Breaks: "golang/go#72900: compared as whole words",
		Tests:  []string{"./polldesc -skip TestSearch"},
		Core:   true,
	},
}
