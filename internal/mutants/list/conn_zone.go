package list

var connZone = []Mutant{
	{
		Name: "the names of interfaces are never asked for again",
		File: "conn/zone_linux.go",
		Old:  `if clock.Now()-z.asked < int64(zonesStale) && known() {`, New: `if z.asked != 0 {`,
		Breaks: "a number or name that the cache does not know makes it look at once",
		Tests:  []string{"./internal/parity/tcp -run TestZones", "./internal/parity/udp -run TestZones"},
	},
	{
		Name: "the names of interfaces are asked for each time",
		File: "conn/zone_linux.go",
		Old:  `if clock.Now()-z.asked < int64(zonesStale) && known() {`, New: `if false {`,
		Breaks: "zones remembers the names and numbers",
		Tests:  []string{"./conn -run TestAllocsOfZones"},
	},
	{
		Name: "an interface without a name has none",
		File: "conn/zone_linux.go",
		Old:  `return strconv.FormatUint(uint64(id), 10)`, New: `return strconv.Itoa(0)`,
		Breaks: "name returns the number of an interface that has no name",
		Tests:  []string{"./conn -run TestZoneCacheIsShared"},
	},
	{
		Name: "two look for a zone at once",
		File: "conn/zone_linux.go",
		Old: `	if name == "" {
		return 0
	}
	z.mu.Lock()
	defer z.mu.Unlock()
`,
		New: `	if name == "" {
		return 0
	}
`,
		Breaks: "mu guards the cache",
		Tests:  []string{"-race ./conn -run TestZoneCacheIsShared"},
	},
}
