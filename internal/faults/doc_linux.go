// Command faults makes system calls fail, one kind after another, under a small program
// that checks itself, over package net and over ours, and compares what becomes of it:
//
//	go run ./internal/faults           # all of it, in about a quarter of an hour
//	go run ./internal/faults -call connect -errno EINTR -v
//	go run ./internal/faults -write    # and writes docs/reference/faults.md
//
// A fault is a call, an error, and when: at the first such call of a step of the program,
// the second, the fifth, one in four at random, or all of them. It comes from outside: a
// filter of system calls (seccomp) asks this command each time, and the answer is the same
// for both packages. This needs seccomp user notification, and the right to use it. Calls of
// package sys also fail from inside, by the hook of that package.
//
// The program must never hang, spin, crash, lose or double a byte, or leave a descriptor or
// a goroutine behind, and it must work once the fault is over. If it fails it must say why.
//
// Where it stands: on top, beside the other programs that test the library. Nothing
// imports it.
package main
