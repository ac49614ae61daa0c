//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: epoll is needed, so this program runs on Linux only")
	os.Exit(1)
}
