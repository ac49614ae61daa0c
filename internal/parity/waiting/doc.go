// Package waiting has no code, only tests. They compare package net and this one in
// waiting: deadlines, what ends a wait and in which order,
// peers that die, bubbles of testing/synctest, RawConn, and the waits that are ours alone.
//
// Where it stands: above the root package, whose names it uses as a program does.
package waiting
