// Package options has no code, only tests. They compare package net and this one in
// socket options: those that dials and listeners set,
// those that methods set, and those that programs set behind our back.
//
// Where it stands: above the root package, whose names it uses as a program does.
package options
