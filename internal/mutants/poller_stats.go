package main

var pollerStats = []Mutant{
	{
		Name: "the timers of a Group are those of its last Poller",
		File: "poller/stats.go",
		Old:  `s.Timers += t.Timers`, New: `s.Timers = t.Timers`,
		Breaks: "Group.Stats is the sum",
		Tests:  []string{"./poller -run TestStatsAddUp"},
	},
}
