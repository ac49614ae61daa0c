package main

import (
	"archive/tar"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// needed are what a kernel must have built in, because no module is loaded.
var needed = []string{"UNIX", "INET", "IPV6", "EPOLL", "EVENTFD", "TMPFS", "DEVTMPFS", "BLK_DEV_INITRD"}

// unpack returns a kernel and its configuration from the packages that they are in.
func unpack(debs []string) (image []byte, config string, err error) {
	found := map[string][]byte{}
	for _, deb := range debs {
		if err := find(found, deb, "vmlinuz", "config"); err != nil {
			return nil, "", fmt.Errorf("%s: %w", deb, err)
		}
	}
	if found["vmlinuz"] == nil || found["config"] == nil {
		return nil, "", fmt.Errorf("no kernel, or no configuration: %s", strings.Join(debs, ", "))
	}
	return found["vmlinuz"], string(found["config"]), nil
}

// find puts into found the files of a package that have one of the names, with a version
// after it or not.
func find(found map[string][]byte, deb string, names ...string) error {
	cmd := exec.Command("dpkg-deb", "--fsys-tarfile", deb)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer out.Close()
	for files := tar.NewReader(out); len(found) < len(names); {
		header, err := files.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name, _, _ := strings.Cut(path.Base(header.Name), "-")
		if header.Typeflag != tar.TypeReg || !slices.Contains(names, name) {
			continue
		}
		if found[name], err = io.ReadAll(files); err != nil {
			return err
		}
	}
	return nil
}

// check reports what a kernel has not built in.
func check(config string) error {
	var missing []string
	for _, option := range needed {
		if !strings.Contains(config, "\nCONFIG_"+option+"=y\n") {
			missing = append(missing, option)
		}
	}
	if missing != nil {
		return fmt.Errorf("not built in: %s", strings.Join(missing, ", "))
	}
	return nil
}
