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
// -write it writes docs/reference/kernels.md from the consoles of the last boot of each
// kernel, so running some kernels updates only their rows.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
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
	flag.StringVar(&o.tests, "tests", ".", "run only these tests: a regular expression")
	flag.StringVar(&o.dir, "dir", filepath.Join(cache, "netpoller-kernels"), "the folder of packages and consoles")
	flag.BoolVar(&o.write, "write", false, "write "+page)
	flag.Parse()
	err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	scratch, err := os.MkdirTemp("", "kernels")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	a, err := newApt(o.dir)
	if err != nil {
		return err
	}
	if err := a.update(); err != nil {
		return err
	}
	names, err := a.names()
	if err != nil {
		return err
	}
	b := &booter{options: o, apt: a, names: names, scratch: scratch, initrds: map[string]string{}, by: map[string]accelerator{}}
	failed := 0
	for _, k := range kernels {
		if !o.kernels.MatchString(k.String()) {
			continue
		}
		r, err := b.boot(k)
		if err != nil {
			return fmt.Errorf("%v: %w", k, err)
		}
		fmt.Print(summary(r))
		if !r.ok() {
			failed++
		}
	}
	if o.write {
		if err := writePage(b.last()); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("tests failed on %d kernels", failed)
	}
	return nil
}

// A booter boots one kernel after the other.
type booter struct {
	options
	apt     *apt
	names   []string // all packages
	scratch string
	initrds map[string]string // the file systems, by processor
	by      map[string]accelerator
}

// boot boots a kernel and returns what came of it.
func (b *booter) boot(k kernel) (*result, error) {
	names, err := newest(b.names, k)
	if err != nil {
		return nil, err
	}
	debs, err := b.apt.download(names, k.arch())
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
	if err := b.ready(k.arch(), image); err != nil {
		return nil, err
	}
	version, err := qemuVersion(k.arch())
	if err != nil {
		return nil, err
	}
	log, err := os.Create(b.log(k))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	deb, _, _ := strings.Cut(filepath.Base(debs[0]), "_"+k.arch())
	fmt.Fprintf(log, "@image %s\n@host qemu %s %s, %s, %s\n", strings.Replace(deb, "_", " ", 1), version, b.by[k.arch()],
		runtime.Version(), time.Now().Format(time.DateOnly))
	fmt.Printf("%v: booting; the console is in %s\n", k, log.Name())
	if err := boot(k.arch(), b.by[k.arch()], image, b.initrds[k.arch()], log); err != nil {
		fmt.Fprintf(log, "\n@error %v\n", err)
	}
	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return read(k, log)
}

// ready makes the file system for a processor, and finds out how to run it.
func (b *booter) ready(arch, image string) error {
	if b.initrds[arch] != "" {
		return nil
	}
	data, err := initramfs(b.scratch, arch, b.tests, b.packages)
	if err != nil {
		return err
	}
	initrd := filepath.Join(b.scratch, arch+".cpio")
	if err := os.WriteFile(initrd, data, 0o644); err != nil {
		return err
	}
	b.initrds[arch], b.by[arch] = initrd, tcg
	if kvmWorks(arch, image, initrd) {
		b.by[arch] = kvm
	}
	return nil
}

// log returns the file for a kernel's console.
func (b *booter) log(k kernel) string {
	return filepath.Join(b.dir, strings.ReplaceAll(k.String(), " ", "-")+".log")
}

// last returns the results of the last boot of each kernel.
func (b *booter) last() (results []*result) {
	for _, k := range kernels {
		log, err := os.Open(b.log(k))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			var r *result
			if r, err = read(k, log); err == nil {
				results = append(results, r)
			}
			log.Close()
		}
		if err != nil {
			fmt.Println("no result of", k, err)
		}
	}
	return results
}

// summary returns what is printed about a result.
func summary(r *result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s, %s\n", r.kernel, r.release, r.host)
	for _, pkg := range packages {
		p := r.programs[pkg]
		if p == nil {
			fmt.Fprintf(&b, "  %-14s not run\n", pkg)
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
