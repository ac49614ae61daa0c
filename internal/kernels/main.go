// Command kernels boots Debian's kernels in qemu and runs the tests of the core on each, on
// amd64 and arm64:
//
//	go run ./internal/kernels
//
// The machines have a file system in memory with the tests, compiled without cgo, and one
// program that runs them ([github.com/a57b2d82/netpoller/internal/kernels/init]); they see
// no network and no disk of this one. It takes hours where there is no KVM. It needs
// qemu-system-x86, qemu-system-arm, apt-get and dpkg-deb, and nothing of it needs root.
//
// It downloads the packages of the kernels, and keeps them and the consoles in a folder of
// the user's cache (-dir). The flags -kernels, -packages and -tests choose some of each. With
// -write it writes docs/reference/kernels.md from the last console in which each package ran
// on each kernel, so that a run of some kernels and packages updates only what is said of
// them. It leaves out consoles of other tests (-tests), of machines that did not start, and
// of runs that were interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// kernels are what is booted: the oldest and the newest that Debian has, what its releases
// run, and flavours that differ in what matters here: preemption and the size of a page.
var kernels = []kernel{
	{"5.10", "amd64"},
	{"6.1", "amd64"},
	{"6.1", "cloud-amd64"},
	{"6.1", "rt-amd64"},
	{"6.12", "amd64"},
	{"newest", "amd64"},
	{"5.10", "arm64"},
	{"6.1", "arm64"},
	{"6.12", "arm64"},
	{"newest", "arm64"},
	{"newest", "arm64-16k"},
}

// allTests is the regular expression for all tests.
const allTests = "."

// An options holds the flags.
type options struct {
	kernels, packages *regexp.Regexp

	tests string // a regular expression for the tests
	dir   string // the folder
	write bool
}

func main() {
	cache, _ := os.UserCacheDir()
	o := options{kernels: regexp.MustCompile(""), packages: regexp.MustCompile("")}
	flag.TextVar(o.kernels, "kernels", o.kernels, "boot only these: a regular expression, for 6.12 rt-amd64 and such")
	flag.TextVar(o.packages, "packages", o.packages, "test only these: a regular expression")
	flag.StringVar(&o.tests, "tests", allTests, "run only these tests: a regular expression")
	flag.StringVar(&o.dir, "dir", filepath.Join(cache, "netpoller-kernels"), "the folder of packages and consoles")
	flag.BoolVar(&o.write, "write", false, "write "+page)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	scratch, err := os.MkdirTemp("", "kernels")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	a, err := newApt(o.dir)
	if err != nil {
		return err
	}
	if err := a.update(ctx); err != nil {
		return err
	}
	names, err := a.names(ctx)
	if err != nil {
		return err
	}
	b := &booter{options: o, apt: a, names: names, scratch: scratch, initrds: map[string]string{}, by: map[string]accelerator{}}
	for _, pkg := range packages {
		if o.packages.MatchString(pkg) {
			b.chosen = append(b.chosen, pkg)
		}
	}
	failed, err := b.bootAll(ctx)
	if err != nil {
		return err
	}
	if o.write {
		results, err := b.last()
		if err == nil {
			err = writePage(results)
		}
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d kernels did not run, or tests failed on them", failed)
	}
	return nil
}

// bootAll boots the chosen kernels, and prints what came of each. It returns how many did not
// run, or had tests that failed.
func (b *booter) bootAll(ctx context.Context) (failed int, err error) {
	for _, k := range kernels {
		if !b.kernels.MatchString(k.String()) {
			continue
		}
		r, err := b.boot(ctx, k)
		switch {
		case ctx.Err() != nil:
			return failed, context.Cause(ctx)
		case err != nil:
			fmt.Printf("%v: not run: %v\n", k, err)
			failed++
		default:
			fmt.Print(summary(r))
			if !r.ok() {
				failed++
			}
		}
	}
	return failed, nil
}

// A booter boots one kernel after the other.
type booter struct {
	options
	apt     *apt
	names   []string // all packages of Debian's
	chosen  []string // the packages to test
	scratch string
	initrds map[string]string // the file systems, by processor
	by      map[string]accelerator
}

// boot boots a kernel and returns what came of it.
func (b *booter) boot(ctx context.Context, k kernel) (*result, error) {
	debs, err := b.apt.newest(ctx, b.names, k)
	if err != nil {
		return nil, err
	}
	data, config, err := unpack(debs)
	if err == nil {
		err = check(config)
	}
	if err != nil {
		return nil, err
	}
	image := filepath.Join(b.scratch, "image")
	if err := os.WriteFile(image, data, 0o644); err != nil {
		return nil, err
	}
	if err := b.ready(ctx, k.arch(), image); err != nil {
		return nil, err
	}
	version, err := qemuVersion(k.arch())
	if err != nil {
		return nil, err
	}
	log, err := os.Create(b.console(k, "now"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	deb, _, _ := strings.Cut(filepath.Base(debs[0]), "_"+k.arch())
	fmt.Fprintf(log, "@image %s\n@host qemu %s %s, %s, %s\n@tests %s\n", strings.Replace(deb, "_", " ", 1), version,
		b.by[k.arch()], runtime.Version(), time.Now().Format(time.DateOnly), strings.Join(b.chosen, " "))
	fmt.Printf("%v: booting; the console is in %s\n", k, log.Name())
	if err := boot(ctx, k.arch(), b.by[k.arch()], image, b.initrds[k.arch()], log); err != nil {
		fmt.Fprintf(log, "\n@error %v\n", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r, err := read(k, log)
	if err == nil && b.tests == allTests && r.started {
		tested := strings.ReplaceAll(strings.Join(b.chosen, "+"), "/", "-")
		err = os.Rename(log.Name(), b.console(k, tested))
	}
	return r, err
}

// ready makes the file system for a processor, and finds out how to run it.
func (b *booter) ready(ctx context.Context, arch, image string) error {
	if b.initrds[arch] != "" {
		return nil
	}
	data, err := initramfs(ctx, b.scratch, arch, b.tests, b.chosen)
	if err != nil {
		return err
	}
	initrd := filepath.Join(b.scratch, arch+".cpio")
	if err := os.WriteFile(initrd, data, 0o644); err != nil {
		return err
	}
	b.initrds[arch], b.by[arch] = initrd, tcg
	if kvmWorks(ctx, arch, image, initrd) {
		b.by[arch] = kvm
	}
	return nil
}

// console returns the file for a kernel's console: that of the boot "now", or of the last
// one that got to its first process and tested some packages.
func (b *booter) console(k kernel, boot string) string {
	return filepath.Join(b.dir, strings.ReplaceAll(k.String(), " ", "-")+"."+boot+".log")
}

// last returns the results of the last tests of each kernel, which are empty where there
// were none.
func (b *booter) last() (results []*result, err error) {
	for _, k := range kernels {
		names, err := filepath.Glob(b.console(k, "*"))
		if err != nil {
			return nil, err
		}
		written := map[string]time.Time{}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				return nil, err
			}
			written[name] = info.ModTime()
		}
		slices.SortFunc(names, func(a, b string) int { return written[a].Compare(written[b]) })
		var boots []*result
		for _, name := range names {
			if name == b.console(k, "now") {
				continue
			}
			r, err := readFile(k, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			boots = append(boots, r)
		}
		results = append(results, merge(k, boots))
	}
	return results, nil
}

func readFile(k kernel, name string) (*result, error) {
	log, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	return read(k, log)
}

// summary returns what is printed about a boot.
func summary(r *result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s\n", r.kernel, r.image)
	for _, pkg := range packages {
		p := r.programs[pkg]
		if p == nil {
			continue
		}
		fmt.Fprintf(&b, "  %-14s %s, took %s\n", pkg, p.counts(), p.took)
		for _, test := range p.with("fail") {
			fmt.Fprintf(&b, "    %s\n", test)
		}
	}
	if r.err != nil {
		fmt.Fprintf(&b, "  %v\n", r.err)
	}
	return b.String()
}
