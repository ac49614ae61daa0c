// Package memory has no code, only tests. They compare package net and this one in
// memory: what a call allocates, buffers that fault when
// they are touched, and what the race detector and the sanitizers see.
//
// Where it stands: above the root package, whose names it uses as a program does.
package memory
