package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// word is in the command line of every kernel that this program boots. The guest's first
// process refuses to run without it.
const word = "netpoller-kernels"

// bootLimit is how long a kernel may take from its start to its first process.
const bootLimit = 15 * time.Minute

// An accelerator is how qemu runs a guest's processor.
type accelerator string

const (
	kvm accelerator = "kvm" // by the host's
	tcg accelerator = "tcg" // in software
)

// qemu returns the command that boots a kernel on two processors, with the console on its
// standard output and no device that is not needed. It ends when the guest does, when ctx
// does, and when this program is killed.
func qemu(ctx context.Context, arch string, by accelerator, image, initrd string) *exec.Cmd {
	name, console := "qemu-system-x86_64", "ttyS0"
	machine := []string{"-machine", "q35"}
	if arch == "arm64" {
		name, console = "qemu-system-aarch64", "ttyAMA0"
		machine = []string{"-machine", "virt"}
	}
	switch {
	case by == kvm:
		machine = append(machine, "-accel", "kvm", "-cpu", "host")
	case arch == "arm64":
		// Signed pointers cost most of the time when they are computed as the processor does.
		machine = append(machine, "-accel", "tcg,thread=multi", "-cpu", "max,pauth-impdef=on")
	default:
		machine = append(machine, "-accel", "tcg,thread=multi", "-cpu", "max")
	}
	args := append(machine, "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
		"-smp", "2", "-m", "3G", "-kernel", image, "-initrd", initrd,
		"-append", fmt.Sprintf("console=%s quiet loglevel=1 panic=-1 %s", console, word))
	cmd := exec.CommandContext(ctx, name, args...)
	endWithParent(cmd)
	return cmd
}

// The kernel takes the end of the thread that starts a process for the end of its parent, so
// only the main thread starts them: it ends when the program does.
func init() { runtime.LockOSThread() }

// boot boots a kernel and copies its console to log.
func boot(ctx context.Context, arch string, by accelerator, image, initrd string, log io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, bootLimit+time.Duration(len(packages))*(limit+2*time.Minute))
	defer cancel()
	cmd := qemu(ctx, arch, by, image, initrd)
	console, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return err
	}
	hangs := time.AfterFunc(bootLimit, cancel)
	lines := bufio.NewReader(io.TeeReader(console, log))
	for err == nil {
		var line string
		if line, err = lines.ReadString('\n'); strings.HasPrefix(line, "@kernel ") {
			hangs.Stop()
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
	}
	return nil
}

// kvmWorks reports whether this machine can run a guest of its own kind: it may have the
// device and still not, when it is itself a guest.
func kvmWorks(ctx context.Context, arch, image, initrd string) bool {
	if arch != runtime.GOARCH {
		return false
	}
	device, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	device.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := qemu(ctx, arch, kvm, image, initrd)
	console, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return false
	}
	works := false
	for lines := bufio.NewScanner(console); !works && lines.Scan(); {
		works = strings.HasPrefix(lines.Text(), "@kernel ")
	}
	cancel()
	cmd.Wait()
	return works
}

// qemuVersion returns the first line of what qemu says of itself, without its copyright.
func qemuVersion(arch string) (string, error) {
	out, err := exec.Command(qemu(context.Background(), arch, tcg, "", "").Path, "--version").Output()
	first, _, _ := strings.Cut(string(out), "\n")
	first, _, _ = strings.Cut(strings.TrimPrefix(first, "QEMU emulator version "), " ")
	return filepath.Base(first), err
}
