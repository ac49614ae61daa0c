package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// suites are the parts of Debian's archive in which kernels are looked for. One that the
// mirror no longer has is left out.
var suites = []struct{ archive, suite string }{
	{"debian", "bullseye"}, {"debian-security", "bullseye-security"},
	{"debian", "bookworm"}, {"debian-security", "bookworm-security"}, {"debian", "bookworm-backports"},
	{"debian", "trixie"}, {"debian-security", "trixie-security"}, {"debian", "trixie-backports"},
}

// An apt runs apt-get and apt-cache with lists of their own, so that they know both
// processors' packages and the machine's own lists stay what they are.
type apt struct{ dir string }

// newApt writes the configuration.
func newApt(dir string) (*apt, error) {
	for _, sub := range []string{"state/lists/partial", "cache/archives/partial", "packages"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	conf := fmt.Sprintf(`Dir::State %[1]q;
Dir::State::status %[2]q;
Dir::Cache %[3]q;
Dir::Etc::SourceList %[4]q;
Dir::Etc::SourceParts "-";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
`, filepath.Join(dir, "state"), filepath.Join(dir, "status"), filepath.Join(dir, "cache"), filepath.Join(dir, "sources.list"))
	if err := os.WriteFile(filepath.Join(dir, "status"), nil, 0o644); err != nil {
		return nil, err
	}
	return &apt{dir}, os.WriteFile(filepath.Join(dir, "apt.conf"), []byte(conf), 0o644)
}

// run runs one of apt's commands in the folder of packages.
func (a *apt) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(a.dir, "packages")
	cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(a.dir, "apt.conf"), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return string(out), err
}

// update fetches the lists, from the mirror that this machine uses.
func (a *apt) update(ctx context.Context) error {
	mirror, err := systemMirror()
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, s := range suites {
		fmt.Fprintf(&list, "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s/%s %s main\n",
			mirror, s.archive, s.suite)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "sources.list"), []byte(list.String()), 0o644); err != nil {
		return err
	}
	// It fails when one suite is missing, and has the others then. No list at all shows
	// when a kernel is looked for.
	if _, err := a.run(ctx, "apt-get", "update", "-q"); err != nil {
		fmt.Println("some suites are missing:", err)
	}
	return nil
}

var mirrorURI = regexp.MustCompile(`(?m)^(?:URIs:|deb)\s.*?(\S+://\S+?)/debian/?(?:\s|$)`)

// systemMirror returns the address of the machine's own mirror, without the archive.
func systemMirror() (string, error) {
	names, _ := filepath.Glob("/etc/apt/sources.list.d/*")
	for _, name := range append(names, "/etc/apt/sources.list") {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if m := mirrorURI.FindSubmatch(text); m != nil {
			return string(m[1]), nil
		}
	}
	return "", fmt.Errorf("/etc/apt names no mirror of Debian")
}

// names returns the names of all packages that a kernel may be in.
func (a *apt) names(ctx context.Context) ([]string, error) {
	out, err := a.run(ctx, "apt-cache", "pkgnames", "linux-")
	return strings.Fields(out), err
}

// download returns the files of packages. It fetches those that are not there yet.
func (a *apt) download(ctx context.Context, names []string, arch string) (files []string, err error) {
	for _, name := range names {
		pattern := filepath.Join(a.dir, "packages", name+"_*_"+arch+".deb")
		found, _ := filepath.Glob(pattern)
		if len(found) == 0 {
			if _, err := a.run(ctx, "apt-get", "download", "-q", name+":"+arch); err != nil {
				return nil, err
			}
			found, _ = filepath.Glob(pattern)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("apt-get downloaded no %s", pattern)
		}
		files = append(files, found[len(found)-1])
	}
	return files, nil
}

// A kernel names kernels: "6.1 amd64", "6.12 rt-amd64", "newest arm64-16k".
type kernel struct{ series, flavour string }

func (k kernel) String() string { return k.series + " " + k.flavour }

// arch returns the processor, by Debian's and Go's name.
func (k kernel) arch() string {
	if strings.Contains(k.flavour, "arm64") {
		return "arm64"
	}
	return "amd64"
}

// imageName has the version's three numbers, one more of Debian's, and the flavour.
var imageName = regexp.MustCompile(`^linux-image-(\d+)\.(\d+)\.(\d+)(?:-(\d+)|\+deb(\d+))-((?:cloud-|rt-)?(?:amd64|arm64)(?:-16k)?)$`)

// candidates returns the packages with a kernel, the latest version first. Newer ones have the
// kernel in a package of its own, and its configuration in another.
func candidates(names []string, k kernel) (found [][]string) {
	type image struct {
		name    string
		version []int
	}
	var images []image
	for _, name := range names {
		m := imageName.FindStringSubmatch(name)
		if m == nil || m[6] != k.flavour || k.series != "newest" && m[1]+"."+m[2] != k.series {
			continue
		}
		i := image{name: name}
		for _, part := range m[1:6] {
			n, _ := strconv.Atoi(part) // the part that is missing counts as 0
			i.version = append(i.version, n)
		}
		images = append(images, i)
	}
	slices.SortFunc(images, func(a, b image) int { return slices.Compare(b.version, a.version) })
	for _, i := range images {
		release := strings.TrimPrefix(i.name, "linux-image-")
		if binary := "linux-binary-" + release; slices.Contains(names, binary) {
			found = append(found, []string{binary, "linux-base-" + release})
		} else {
			found = append(found, []string{i.name})
		}
	}
	return found
}

// newest downloads the latest version of a kernel that the mirror has: its list may be ahead
// of its packages.
func (a *apt) newest(ctx context.Context, names []string, k kernel) (debs []string, err error) {
	err = fmt.Errorf("apt knows no kernel %v", k)
	for _, names := range candidates(names, k) {
		if debs, err = a.download(ctx, names, k.arch()); err == nil || ctx.Err() != nil {
			break
		}
	}
	return debs, err
}
