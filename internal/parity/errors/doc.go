// Package errors has no code, only tests. They compare package net and this one in
// the errors of TCP, and of dials and listeners: the
// text, what errors.Is and errors.As find, and the count beside them.
//
// Where it stands: above the root package, whose names it uses as a program does.
package errors
