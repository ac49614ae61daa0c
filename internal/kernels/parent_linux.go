package main

import (
	"os/exec"
	"syscall"
)

// endWithParent makes a process end when this one does.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
