// Package listener accepts connections.
//
// Where it stands: beside dialer, on top of conn. A ListenConfig resolves an address and
// makes a listening socket. The Accept method of a TCPListener returns a conn.TCPConn. On
// other systems than Linux package net listens.
//
// When the process has no descriptor left (EMFILE), Accept fails with package net's error, and
// the connection stays in the kernel's queue. A later Accept returns that connection even if
// no edge comes in between, because every Accept begins with a system call.
package listener
