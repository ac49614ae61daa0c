package memory

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var sanitizers = flag.Bool("sanitizers", false, "build programs with -msan and -asan, which compiles all of Go's library anew")

// The memory and the address sanitizer must be told of memory that a system call read or
// wrote, as package syscall tells them. If this fails, -msan reports a right program that
// receives into memory from C, or either of them is silent about one that is wrong.
func TestSanitizers(t *testing.T) {
	if !*sanitizers {
		t.Skip("needs -sanitizers, and a minute")
	}
	for _, s := range []struct {
		flag, name, cc string
		reports        map[string]string // what a mode must be reported as; nothing if empty
	}{
		{"-msan", "memory", "clang", map[string]string{
			"receive": "", "send": "", "send without a value": "use-of-uninitialized-value"}},
		{"-asan", "address", "gcc", map[string]string{
			"receive": "", "send": "", "receive into what was freed": "heap-use-after-free", "send what was freed": "heap-use-after-free"}},
	} {
		t.Run(s.flag, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "program")
			probe := exec.Command(s.cc, "-fsanitize="+s.name, "-x", "c", "-", "-o", program)
			probe.Stdin = strings.NewReader("int main(void) { return 0; }")
			if out, err := probe.CombinedOutput(); err != nil {
				t.Skipf("%s needs a %s with its library: %v\n%s", s.flag, s.cc, err, out)
			}
			build := exec.Command("go", "build", s.flag, "-o", program, "../../sys/testdata/sanitized")
			build.Env = append(os.Environ(), "CGO_ENABLED=1", "CC="+s.cc)
			out, err := build.CombinedOutput()
			require.NoError(t, err, "%s", out)
			for mode, report := range s.reports {
				for _, pkg := range []string{"net", "netpoller"} {
					t.Run(mode+"/"+pkg, func(t *testing.T) {
						out, err := exec.Command(program, pkg, mode).CombinedOutput()
						if report == "" {
							require.NoError(t, err, "%s", out)
							return
						}
						require.Error(t, err)
						require.Contains(t, string(out), report)
					})
				}
			}
		})
	}
}
