// Package tcp has no code, only tests. They compare package net and this one in
// addresses of TCP: zones, families, ports that are taken,
// listeners that close, and dials into networks that do not answer.
//
// Where it stands: above the root package, whose names it uses as a program does.
package tcp
