// Package networks has no code, only tests: of what sockets do, package net's and ours, in
// networks that lose, reorder, double and delay packets, that break, and with peers that
// stop, die and misbehave.
//
// Each scenario runs in a process and a network namespace of its own, once over package net
// and once over ours. The errors, counts and checksums, and whether a call returned at once
// or waited, must be the same. docs/reference/networks.md shows them; go test
// ./internal/networks -write writes it anew.
//
// They take half a minute, and need root or user namespaces; without, they are skipped.
//
// Where it stands: above the root package, whose names it uses as a program does.
package networks
