package counting

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ProcessCPU is the user and system time this process has used.
func ProcessCPU() time.Duration {
	user, system, _ := Usage()
	return user + system
}

// Usage returns the processor time of this process and how often its threads were switched out.
func Usage() (user, system time.Duration, switches int64) {
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		panic(err) // cannot fail with these arguments
	}
	return time.Duration(ru.Utime.Nano()), time.Duration(ru.Stime.Nano()), int64(ru.Nvcsw) + int64(ru.Nivcsw)
}

// Resident is the memory of this process that is in RAM.
func Resident() int64 {
	statm, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
