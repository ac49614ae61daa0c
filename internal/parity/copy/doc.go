// Package copy has no code, only tests. They compare package net and this one in
// what goes through a connection in bulk: ReadFrom,
// WriteTo, io.Copy, Buffers, and the pipes of splice(2).
//
// Where it stands: above the root package, whose names it uses as a program does.
package copy
