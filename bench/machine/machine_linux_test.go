package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCPUModel(t *testing.T) {
	assert.Equal(t, "Some CPU @ 2 GHz", cpuModel("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: a b\n"))
	assert.Equal(t, "unknown CPU", cpuModel("processor\t: 0\nBogoMIPS\t: 50\n"))
}

// If this fails, a virtual machine passes for a real one.
func TestVirtual(t *testing.T) {
	const guest, host = "model name: x\nflags\t\t: fpu hypervisor sse\n", "flags: fpu vmx sse\n"
	assert.Equal(t, "virtual machine", virtual(guest, "", ""))
	assert.Equal(t, "virtual machine (QEMU)", virtual(guest, "", "QEMU"))
	assert.Equal(t, "virtual machine (xen)", virtual(host, "xen", ""))
	assert.Equal(t, "no hypervisor", virtual(host, "", "Some Vendor"))
	assert.Empty(t, virtual("BogoMIPS: 50\n", "", "Some Vendor"), "not known")
}

func TestGovernor(t *testing.T) {
	root := t.TempDir()
	assert.Empty(t, governor(root))
	for cpu, name := range map[string]string{"cpu0": "performance\n", "cpu1": "performance\n", "cpu10": "powersave\n"} {
		dir := filepath.Join(root, cpu, "cpufreq")
		require.NoError(t, os.MkdirAll(dir, 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "scaling_governor"), []byte(name), 0o666))
	}
	assert.Equal(t, "performance+powersave", governor(root))
}

// If this fails, a recording does not say where it comes from.
func TestMachineIsDescribed(t *testing.T) {
	m := This()
	assert.Positive(t, m.Cores)
	assert.NotEmpty(t, m.Load)
	for _, part := range []string{m.CPU, m.Kernel, m.Go, m.Arch} {
		assert.Contains(t, m.String(), part)
	}
	assert.NotContains(t, m.String(), ", ,")
	m.Commit = "0123456789abcdef+dirty"
	assert.Contains(t, m.String(), "commit 0123456789ab+dirty")
	if id := commit(); id != "" { // a copy of the files has no commit
		assert.Regexp(t, `^[0-9a-f]{40}(\+dirty)?$`, id)
	}
}
