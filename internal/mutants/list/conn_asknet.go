package list

var connAsknet = []Mutant{
	{
		Name: "a question that could not be asked has an answer",
		File: "conn/asknet_linux.go",
		Old: `	if err != nil {
		return false
	}
	answer := answeredNo`,
		New: `	answer := answeredNo
	_ = err`,
		Breaks: "while net cannot be asked, the next call asks again",
		Tests:  []string{"./conn -run TestQuestionIsAskedUntilAnswered"},
	},
}
