package counting

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/figures"
)

// Machine is where and when the figures were taken.
type Machine struct {
	CPU      string    `json:"cpu"`
	Cores    int       `json:"cores"`
	Kernel   string    `json:"kernel"`
	Go       string    `json:"go"`
	Arch     string    `json:"arch"`
	MaxProcs int       `json:"gomaxprocs"`
	Load     string    `json:"load_average_at_start"`
	Time     time.Time `json:"time"`
}

// ThisMachine describes the machine that this program runs on.
func ThisMachine() Machine {
	var uts unix.Utsname
	kernel := "unknown"
	if unix.Uname(&uts) == nil {
		kernel = unix.ByteSliceToString(uts.Release[:])
	}
	load, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(load), " ")
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	return Machine{
		CPU:      cpuModel(string(cpuinfo)),
		Cores:    runtime.NumCPU(),
		Kernel:   kernel,
		Go:       runtime.Version(),
		Arch:     runtime.GOARCH,
		MaxProcs: runtime.GOMAXPROCS(0),
		Load:     one,
		Time:     time.Now().UTC().Truncate(time.Second),
	}
}

// cpuModel finds the processor's name, which not every architecture gives.
func cpuModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

// MachineCPU is the time all processors have spent at work, or taken by a hypervisor, since the machine started.
func MachineCPU() time.Duration {
	stat, _ := os.ReadFile("/proc/stat")
	return busyTime(string(stat))
}

// busyTime reads the first line of /proc/stat: "cpu user nice system idle iowait irq softirq steal ...", in hundredths of
// a second.
func busyTime(stat string) time.Duration {
	const idle, iowait, steal = 4, 5, 8
	line, _, _ := strings.Cut(stat, "\n")
	var busy time.Duration
	for i, field := range strings.Fields(line) {
		if i == 0 || i == idle || i == iowait || i > steal {
			continue
		}
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		busy += time.Duration(ticks) * 10 * time.Millisecond
	}
	return busy
}

// SlabMemory is what the kernel uses for its own small objects, sockets and descriptors among them.
func SlabMemory() int64 {
	meminfo, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(meminfo)) {
		if value, ok := strings.CutPrefix(line, "Slab:"); ok {
			kB, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kB << 10
		}
	}
	return 0
}

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

func (m Machine) String() string {
	return fmt.Sprintf("%s, %s, Linux %s %s, %s, GOMAXPROCS=%d, load %s",
		m.CPU, figures.Plural(m.Cores, "core"), m.Kernel, m.Arch, m.Go, m.MaxProcs, m.Load)
}
