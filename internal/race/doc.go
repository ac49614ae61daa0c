// Package race tells the race detector which synchronization of ours is none of a program's.
//
// The detector takes every atomic operation, lock and channel for a promise. One inside the
// library that goroutines with nothing in common share would order them, and hide the race
// between them, which with package net is reported: there all of this is in the runtime, where
// the detector does not look. So what strangers share is atomic and is hidden, and the one
// direction that the library itself relies on is told explicitly.
//
// What still orders strangers: opening and closing connections, which take slots from one
// list; a deadline that comes due, and a NotifyReadable that is told, which know what the
// reactor knows.
//
// The functions do nothing without -race, and nothing but tell with it.
package race
