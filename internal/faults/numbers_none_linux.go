//go:build linux && !amd64 && !arm64

package main

var numbers map[string]uint32
