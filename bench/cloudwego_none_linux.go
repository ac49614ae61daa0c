//go:build !amd64 && !arm64

package main

// startCloudwego is nil: the library does not compile for every processor.
var startCloudwego starter
