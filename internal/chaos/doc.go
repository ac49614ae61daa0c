// Package chaos is a test that uses the whole API at random, for as long as one likes.
//
// Where it stands: above everything. It has no code but tests.
//
// A test is a sequence of rounds. In each of them hundreds of goroutines, the actors, use
// connections of groups of reactors that wait in either way, with 1, 2 or 4 processors,
// against peers that misbehave; many of the peers are package net's. Some connections are
// faithful: whatever happens to them loses no byte, and all that was written must arrive,
// in order, without anybody closing anything. A reader that is not woken is found by these.
// The others are wild: anybody closes them at any time, by any means, and every error must
// have a reason. In some rounds a Group is closed in the middle. At the end of a round no
// descriptor, goroutine, deadline or slot may be left.
//
// A seed decides what a round does, and every choice of every actor:
//
//	go test ./internal/chaos                             # ten seconds
//	go test ./internal/chaos -timeout 0 -duration 1h     # as long as one likes
//	go test ./internal/chaos -v -seed 42 -rounds 1       # the round that had seed 42
//
// A failure says the last command, with what each actor of the failed connection did last.
// A round that does not end is reported with the stacks of all goroutines (-hang says after
// how long). With -v, the test prints what was done, every minute and at the end. With
// -write it adds that to docs/reference/chaos.md.
package chaos
