package machine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/figures"
)

// Machine is where and when the figures were taken, and what was measured.
type Machine struct {
	CPU      string    `json:"cpu"`
	Cores    int       `json:"cores"`
	Virtual  string    `json:"virtualization,omitempty"`
	Governor string    `json:"cpu_governor,omitempty"`
	Kernel   string    `json:"kernel"`
	Go       string    `json:"go"`
	Arch     string    `json:"arch"`
	MaxProcs int       `json:"gomaxprocs"`
	Commit   string    `json:"commit,omitempty"` // of the library; "+dirty" if its code was changed after that
	Load     string    `json:"load_average_at_start"`
	LoadEnd  string    `json:"load_average_at_end,omitempty"`
	Before   *Use      `json:"before,omitempty"` // just before the first run; absent if it was not looked at
	During   *Use      `json:"during,omitempty"` // from the first run to the last, those included
	Time     time.Time `json:"time"`
}

// This describes the machine that this program runs on.
func This() Machine {
	var uts unix.Utsname
	kernel := "unknown"
	if unix.Uname(&uts) == nil {
		kernel = unix.ByteSliceToString(uts.Release[:])
	}
	cpuinfo := read("/proc/cpuinfo")
	return Machine{
		CPU:      cpuModel(cpuinfo),
		Cores:    runtime.NumCPU(),
		Virtual:  virtual(cpuinfo, read("/sys/hypervisor/type"), read("/sys/class/dmi/id/sys_vendor")),
		Governor: governor("/sys/devices/system/cpu"),
		Kernel:   kernel,
		Go:       runtime.Version(),
		Arch:     runtime.GOARCH,
		MaxProcs: runtime.GOMAXPROCS(0),
		Commit:   commit(),
		Load:     LoadAverage(),
		Time:     time.Now().UTC().Truncate(time.Second),
	}
}

func (m Machine) String() string {
	parts := []string{m.CPU, figures.Plural(m.Cores, "core"), m.Virtual}
	if m.Governor != "" {
		parts = append(parts, "governor "+m.Governor)
	}
	parts = append(parts, "Linux "+m.Kernel+" "+m.Arch, m.Go, fmt.Sprintf("GOMAXPROCS=%d", m.MaxProcs), "load "+m.Load)
	if m.Commit != "" {
		id, dirty := strings.CutSuffix(m.Commit, dirtyMark)
		short := "commit " + id[:min(12, len(id))]
		if dirty {
			short += dirtyMark
		}
		parts = append(parts, short)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// LoadAverage is that of the last minute.
func LoadAverage() string {
	one, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	return one
}

// SlabMemory is what the kernel uses for its own small objects, sockets and descriptors among them.
func SlabMemory() int64 {
	for line := range strings.Lines(read("/proc/meminfo")) {
		if value, ok := strings.CutPrefix(line, "Slab:"); ok {
			kB, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kB << 10
		}
	}
	return 0
}

// read returns a small file, which is empty if it cannot be read.
func read(name string) string {
	text, _ := os.ReadFile(name)
	return strings.TrimSpace(string(text))
}

// cpuModel finds the processor's name, which not every architecture gives.
func cpuModel(cpuinfo string) string {
	if name := cpuField(cpuinfo, "model name"); name != "" {
		return name
	}
	return "unknown CPU"
}

// cpuField is a field of the first processor.
func cpuField(cpuinfo, name string) string {
	for line := range strings.Lines(cpuinfo) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// virtual says whether there is a hypervisor below the kernel. Only amd64 and 386 show it in every case.
func virtual(cpuinfo, hypervisor, vendor string) string {
	flags := strings.Fields(cpuField(cpuinfo, "flags"))
	switch {
	case hypervisor != "":
		return "virtual machine (" + hypervisor + ")"
	case slices.Contains(flags, "hypervisor") && vendor != "":
		return "virtual machine (" + vendor + ")"
	case slices.Contains(flags, "hypervisor"):
		return "virtual machine"
	case len(flags) > 0:
		return "no hypervisor"
	}
	return ""
}

// governor names who sets the clock rates of the processors, if the kernel does.
func governor(root string) string {
	files, _ := filepath.Glob(filepath.Join(root, "cpu[0-9]*/cpufreq/scaling_governor"))
	var names []string
	for _, file := range files {
		if name := read(file); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

const dirtyMark = "+dirty"

// commit names the source of this program: that of the repository it was compiled in, as it is now, or if that is gone, the
// one in the binary. Only Go files count as changes, so that results may be recorded one after the other.
func commit() string {
	_, file, _, _ := runtime.Caller(0)
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", filepath.Dir(file)}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	id, err := git("rev-parse", "HEAD")
	if err != nil || !filepath.IsAbs(file) {
		return commitOfBuild()
	}
	changes, err := git("status", "--porcelain", "--untracked-files=all", "--", ":(top,glob)**/*.go", ":(top,glob)**/go.mod")
	if err != nil || changes != "" {
		id += dirtyMark
	}
	return id
}

func commitOfBuild() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	id, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			id = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = dirtyMark
		}
	}
	if id == "" {
		return ""
	}
	return id + dirty
}
