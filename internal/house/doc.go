// Package house has no code, only tests: they hold the source and the pages to the rules of
// the house.
//
// The names of the library are those of package net; packages import only what lies below
// them; what is hard to reason about stays where it is reasoned about; and README.md and
// docs speak of what is there, and of runs as they are. They read files of the whole
// module, whose root is their working directory.
//
// Where it stands: above the root package, whose names it uses as a program does.
package house
