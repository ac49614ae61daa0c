package conn_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this failed, a program that imports the package would find its standard input closed: the
// number of a descriptor that a zero value has is 0.
func TestStandardInputStaysOpen(t *testing.T) {
	const inChild = "NETPOLLER_STDIN"
	if os.Getenv(inChild) != "" {
		link, err := os.Readlink("/proc/self/fd/0")
		fmt.Println("standard input:", link, err)
		return
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	want, err := os.Readlink(fmt.Sprint("/proc/self/fd/", r.Fd()))
	require.NoError(t, err)
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestStandardInputStaysOpen$")
	cmd.Env = append(os.Environ(), inChild+"=1")
	cmd.Stdin = r
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "standard input: "+want+" <nil>")
}
