package list

var sysMsg = []Mutant{
	{
		Name: "a truncated packet is read beyond its buffer",
		File: "internal/sys/msg_linux.go",
		Old:  `received(p[:min(n, len(p))]) // with MSG_TRUNC`, New: `received(p[:n]) // with MSG_TRUNC`,
		Breaks: "MSG_TRUNC tells of more than there is",
		Tests:  []string{"./internal/sys -run TestTruncatedPacketIsToldWhole"},
	},
	{
		Name: "a packet with control messages blocks where O_NONBLOCK was cleared",
		File: "internal/sys/msg_linux.go",
		Old:  `c.message(unix.SYS_RECVMSG, fd, &msg, flags|unix.MSG_DONTWAIT, len(p))`, New: `c.message(unix.SYS_RECVMSG, fd, &msg, flags, len(p))`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/sys -run TestPacketsNeverBlock"},
	},
	{
		Name: "a packet to a broken connection raises SIGPIPE",
		File: "internal/sys/msg_linux.go",
		Old:  `n, err = c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, `, New: `n, err = c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_DONTWAIT, `,
		Breaks: "a broken connection raises no SIGPIPE",
		Tests:  []string{"./internal/sys -run TestNoSIGPIPE"},
	},
}
