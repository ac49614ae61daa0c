package main

import (
	"bytes"
	"fmt"
	"path"
)

// An archive is a cpio archive in the format "newc", from which a kernel fills its first
// file system (Documentation/driver-api/early-userspace/buffer-format.rst).
type archive struct {
	buf   bytes.Buffer
	inode int
	dirs  map[string]bool
}

// Modes of what an archive holds.
const (
	modeDir    = 0o040755
	modeFile   = 0o100644
	modeBinary = 0o100755
	modeDevice = 0o020600 // a character device
)

// dir adds a directory and those that it lies in.
func (a *archive) dir(name string) {
	if name == "." || a.dirs[name] {
		return
	}
	a.dir(path.Dir(name))
	if a.dirs == nil {
		a.dirs = map[string]bool{}
	}
	a.dirs[name] = true
	a.entry(name, modeDir, 0, 0, nil)
}

// file adds a file, and the directories that it lies in.
func (a *archive) file(name string, mode int, data []byte) {
	a.dir(path.Dir(name))
	a.entry(name, mode, 0, 0, data)
}

// device adds a character device.
func (a *archive) device(name string, major, minor int) {
	a.dir(path.Dir(name))
	a.entry(name, modeDevice, major, minor, nil)
}

// entry writes a header of thirteen hexadecimal numbers, the name and the data, both
// filled up to a multiple of four.
func (a *archive) entry(name string, mode, major, minor int, data []byte) {
	a.inode++
	a.buf.WriteString("070701")
	for _, v := range [...]int{a.inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name) + 1, 0} {
		fmt.Fprintf(&a.buf, "%08x", v)
	}
	a.buf.WriteString(name + "\x00")
	a.align()
	a.buf.Write(data)
	a.align()
}

func (a *archive) align() {
	for a.buf.Len()%4 != 0 {
		a.buf.WriteByte(0)
	}
}

// bytes ends the archive and returns it.
func (a *archive) bytes() []byte {
	a.entry("TRAILER!!!", 0, 0, 0, nil)
	return a.buf.Bytes()
}
