package list

var pollerStats = []Mutant{
	{
		Name: "the timers of a Group are those of its last Poller",
		File: "poller/counters_linux.go",
		Old:  `s.Timers += t.Timers`, New: `s.Timers = t.Timers`,
		Breaks: "Group.Stats is the sum",
		Tests:  []string{"./poller -run TestStatsAddUp"},
	},
}
