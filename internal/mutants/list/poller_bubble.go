package list

var pollerBubble = []Mutant{
	{
		Name: "an errand does not wake the reactor",
		File: "poller/bubble_linux.go",
		Old: `	p.errands.mu.Unlock()
	p.wake()
	return true`,
		New: `	p.errands.mu.Unlock()
	return true`,
		Breaks: "errand: the reactor calls f, soon",
		Tests:  []string{"./internal/parity/waiting -run Bubble"},
	},
	{
		Name: "a channel that is made in a bubble belongs to it",
		File: "poller/bubble_linux.go",
		Old: `	if clock.InBubble() {
		var made`,
		New: `	if false {
		var made`,
		Breaks: "newChannel makes a channel that belongs to no bubble",
		Tests:  []string{"./internal/parity/waiting -run Bubble"},
	},
	{
		Name: "a goroutine that is started in a bubble for a notification belongs to it",
		File: "poller/bubble_linux.go",
		Old:  `if !clock.InBubble() || !p.errand(func() { go f() }) {`, New: `if true {`,
		Breaks: "Go: f belongs to no bubble",
		Tests:  []string{"./internal/parity/waiting -run Bubble"},
	},
}
