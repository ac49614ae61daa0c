package neterr

import (
	"os"
	"syscall"
)

// OfSyscall names the system call that an errno came from, and leaves other errors
// alone.
func OfSyscall(name string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError(name, errno)
	}
	return err
}
