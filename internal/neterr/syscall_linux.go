package neterr

import (
	"os"
	"syscall"
)

// OfSyscall returns an *os.SyscallError with the system call's name if err is an errno, and
// other errors unchanged.
func OfSyscall(name string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError(name, errno)
	}
	return err
}
