//go:build linux

package counting

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tracepointCounter lets the kernel count. Its events are opened on the calling thread, disabled, to be inherited by the
// child and enabled there by its exec: the child is counted from its first instruction, this process never.
type tracepointCounter struct {
	total  int
	byKind [][]int
}

// newTracepointCounter must be called on the thread that will start the process.
func newTracepointCounter() (Counter, error) {
	c := &tracepointCounter{total: -1}
	var err error
	if c.total, err = openTracepoint("raw_syscalls/sys_enter"); err != nil {
		return nil, err
	}
	for _, kind := range callKinds {
		var fds []int
		for _, call := range kind.calls {
			fd, err := openTracepoint("syscalls/sys_enter_" + call.tracepoint)
			if errors.Is(err, fs.ErrNotExist) {
				continue // the kernel has no such call
			}
			if err != nil {
				c.Close()
				return nil, err
			}
			fds = append(fds, fd)
		}
		c.byKind = append(c.byKind, fds)
	}
	return c, nil
}

func openTracepoint(name string) (int, error) {
	text, err := os.ReadFile("/sys/kernel/tracing/events/" + name + "/id")
	if err != nil {
		return -1, fmt.Errorf("no tracepoints: %w", err)
	}
	id, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return -1, fmt.Errorf("tracepoint %s: %w", name, err)
	}
	attr := unix.PerfEventAttr{
		Type:   unix.PERF_TYPE_TRACEPOINT,
		Size:   uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Config: id,
		Bits:   unix.PerfBitDisabled | unix.PerfBitInherit | unix.PerfBitEnableOnExec,
	}
	fd, err := unix.PerfEventOpen(&attr, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("no tracepoints: perf_event_open: %w", err)
	}
	return fd, nil
}

func (c *tracepointCounter) Start(cmd *exec.Cmd) error { return cmd.Start() }

func (c *tracepointCounter) Wait(cmd *exec.Cmd) error { return cmd.Wait() }

func (c *tracepointCounter) Pause() time.Duration { return 0 }

// Read sums over the process and all its threads; the kernel does that for inherited events.
func (c *tracepointCounter) Read() (Counts, error) {
	var counts Counts
	var err error
	if counts.total, err = readEvent(c.total); err != nil {
		return counts, err
	}
	for i, fds := range c.byKind {
		for _, fd := range fds {
			n, err := readEvent(fd)
			if err != nil {
				return counts, err
			}
			counts.byKind[i] += n
		}
	}
	return counts, nil
}

func readEvent(fd int) (int64, error) {
	var value [8]byte
	if _, err := unix.Read(fd, value[:]); err != nil {
		return 0, fmt.Errorf("reading a perf event: %w", err)
	}
	return int64(binary.NativeEndian.Uint64(value[:])), nil
}

func (c *tracepointCounter) Close() {
	unix.Close(c.total)
	for _, fds := range c.byKind {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}
