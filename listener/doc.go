// Package listener accepts connections.
//
// Where it stands: beside dialer, on top of conn. A ListenConfig resolves an address,
// makes a listening socket of it, and the TCPListener hands out conn.TCPConn.
//
// Accept fails when the process has no descriptor left (EMFILE) and the like, as
// package net's does, and the connection stays in the kernel's queue: a caller that
// waits and tries again gets it then, whether or not an edge comes in between, because
// every Accept begins with a system call.
package listener
