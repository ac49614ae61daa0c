// Package netpoller is the socket part of package net on an epoll reactor of its own:
// Go's netpoller, rebuilt in user space.
package netpoller
