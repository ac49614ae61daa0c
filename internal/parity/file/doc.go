// Package file has no code, only tests. They compare package net and this one in
// files: what File lends, what FileConn, FilePacketConn
// and FileListener make of a file, and what becomes of a socket that a child has too.
//
// Where it stands: above the root package, whose names it uses as a program does.
package file
