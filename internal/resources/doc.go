// Package resources has no code, only tests: of what sockets do, package net's and ours,
// where a process or a machine has no descriptors, watches or ports left, and when it has
// some again.
//
// Each scenario runs in a process of its own, which is still cold: nothing has been opened
// in it, and no poller runs. It runs once over package net and once over ours.
// docs/reference/resources.md shows what they gave; go test ./internal/resources -write
// writes it anew.
//
// They take some seconds, and need root or user namespaces for some of the scenarios; without,
// those are skipped.
//
// Where it stands: above the root package, whose names it uses as a program does.
package resources
