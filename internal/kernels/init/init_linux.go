// Command init is the first process of a machine that internal/kernels boots. It runs the
// programs of /programs one after the other, prints what they print to the console, each
// line with the program's name, and turns the machine off.
//
// It changes mounts, links and limits, so it refuses to run anywhere else: it must be
// process 1, and the kernel's command line must have the word that internal/kernels puts
// there.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// word is what internal/kernels adds to the kernel's command line.
const word = "netpoller-kernels"

func main() {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		os.Exit(1) // which is a kernel panic, where this is process 1
	}
	if err := runAll(); err != nil {
		fmt.Println("@error", err)
	}
	fmt.Println("@done")
	time.Sleep(100 * time.Millisecond) // the console may still have lines to send
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// prepare makes of the bare machine what tests expect of any.
func prepare() error {
	if os.Getpid() != 1 {
		return fmt.Errorf("this is process %d; only a machine that internal/kernels boots starts it", os.Getpid())
	}
	if _, err := os.Stat("/programs"); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(line)), word) {
		return fmt.Errorf("the kernel's command line lacks %q", word)
	}
	for dir, kind := range map[string]string{"/sys": "sysfs", "/dev": "devtmpfs", "/tmp": "tmpfs"} {
		if err := unix.Mount(kind, dir, kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	if err := os.Symlink("/proc/self/fd", "/dev/fd"); err != nil {
		return err
	}
	// Process 1 may have 4096 descriptors; what a distribution starts may have more.
	limit := unix.Rlimit{Cur: 1024, Max: 1 << 19}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("setrlimit: %w", err)
	}
	return loopbackUp()
}

// loopbackUp brings up the loopback interface.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// runAll says which kernel this is and runs the programs. Each line of /programs has a
// program's path, how long it may take, and its arguments.
func runAll() error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	fmt.Printf("@kernel %s %s\n", unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Version[:]))
	programs, err := os.ReadFile("/programs")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(programs)) {
		fields := strings.Fields(line)
		limit, err := time.ParseDuration(fields[1])
		if err != nil {
			return err
		}
		run(fields[0], limit, fields[2:])
	}
	return nil
}

// run runs one program in its own directory.
func run(path string, limit time.Duration, args []string) {
	name := strings.TrimPrefix(filepath.Dir(path), "/")
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = filepath.Dir(path)
	cmd.Env = []string{"PATH=/", "HOME=/tmp", "TMPDIR=/tmp"}
	cmd.WaitDelay = 10 * time.Second
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadString('\n')
			if line != "" {
				fmt.Printf("@out %s %s\n", name, strings.TrimSuffix(line, "\n"))
			}
			if err != nil {
				return
			}
		}
	}()
	start := time.Now()
	err := cmd.Run()
	w.Close()
	<-printed
	if err == nil {
		err = fmt.Errorf("ok")
	}
	fmt.Printf("@end %s %v %v\n", name, time.Since(start).Round(time.Second), err)
}
