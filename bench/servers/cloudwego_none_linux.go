//go:build !amd64 && !arm64

package servers

// CloudwegoEcho is nil: the library does not compile for every processor.
var CloudwegoEcho Starter
