package trace

import (
	"strconv"
	"strings"
	"syscall"
)

// bits names polldesc.Events.
func bits(events int64) string {
	var names []string
	for i, name := range [...]string{"readable", "writable", "RDHUP", "HUP", "ERR", "PRI"} {
		if events&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// result tells what a system call returned.
func result(n int64) string {
	if n >= 0 {
		return strconv.FormatInt(n, 10)
	}
	return errnoName(syscall.Errno(-n))
}
