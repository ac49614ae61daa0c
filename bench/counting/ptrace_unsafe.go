//go:build linux

package counting

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ptraceCounter stops the process at the entry and exit of every system call. All ptrace requests must come from the
// thread that started the process, hence one goroutine, locked to its thread, that does nothing else.
type ptraceCounter struct {
	total  atomic.Int64
	byKind [len(callKinds)]atomic.Int64
	blind  atomic.Bool   // the kernel does not say what a stop is about
	ended  chan struct{} // closed when the process is gone
}

func newPtraceCounter() (Counter, error) {
	return &ptraceCounter{ended: make(chan struct{})}, nil
}

func (c *ptraceCounter) Start(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Ptrace = true // stops at exec
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		defer close(c.ended)
		err := cmd.Start()
		if err == nil {
			err = attach(cmd.Process.Pid)
		}
		started <- err
		if err == nil {
			c.follow()
			cmd.Process.Release()
		}
	}()
	err := <-started
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w: ptrace: %v", ErrRefused, err)
	}
	return err
}

// attach takes over a process that has stopped at its exec, and asks for its later threads as well.
func attach(pid int) error {
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil {
		return fmt.Errorf("wait4: %w", err)
	}
	if !status.Stopped() {
		return fmt.Errorf("traced process is not stopped: status %#x", int(status))
	}
	options := unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return fmt.Errorf("PTRACE_SETOPTIONS: %w", err)
	}
	return unix.PtraceSyscall(pid, 0)
}

// follow resumes whatever stops until the process and all its threads are gone.
func (c *ptraceCounter) follow() {
	known := map[int]bool{}
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return // ECHILD: nobody is left
		}
		if !status.Stopped() {
			continue
		}
		deliver := 0
		switch sig := status.StopSignal(); {
		case sig == unix.SIGTRAP|0x80: // PTRACE_O_TRACESYSGOOD marks system calls so
			c.count(tid)
		case sig == unix.SIGTRAP: // a clone
		case sig == unix.SIGSTOP && !known[tid]: // how a new thread begins
		default:
			deliver = int(sig)
		}
		known[tid] = true
		unix.PtraceSyscall(tid, deliver) // fails only if the thread was killed meanwhile, which wait4 will tell
	}
}

// syscallInfo begins like the kernel's struct ptrace_syscall_info.
type syscallInfo struct {
	op     uint8
	_      [3]uint8
	arch   uint32
	ip, sp uint64
	number uint64
	_      [8]uint64
}

const syscallEntry = 1 // PTRACE_SYSCALL_INFO_ENTRY

// count adds the call that tid is entering. Exits stop here too and are passed over.
func (c *ptraceCounter) count(tid int) {
	var info syscallInfo
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno == unix.EIO {
		c.blind.Store(true)
	}
	if errno != 0 || info.op != syscallEntry {
		return
	}
	c.total.Add(1)
	for i, kind := range callKinds {
		for _, call := range kind.calls {
			if call.number == info.number {
				c.byKind[i].Add(1)
			}
		}
	}
}

func (c *ptraceCounter) Read() (Counts, error) {
	counts := Counts{total: c.total.Load()}
	if c.blind.Load() {
		return counts, fmt.Errorf("%w: PTRACE_GET_SYSCALL_INFO needs Linux 5.3", ErrRefused)
	}
	for i := range c.byKind {
		counts.byKind[i] = c.byKind[i].Load()
	}
	return counts, nil
}

// Wait takes the place of cmd.Wait, which would compete with follow for the end of the process.
func (c *ptraceCounter) Wait(*exec.Cmd) error {
	<-c.ended
	return nil
}

// Pause lets every thread of the traced server reach its next wait.
func (c *ptraceCounter) Pause() time.Duration { return 300 * time.Microsecond }

func (c *ptraceCounter) Close() {}
