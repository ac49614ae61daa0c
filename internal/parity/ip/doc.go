// Package ip has no code, only tests. They compare package net and this one in
// raw IP: IPConn, its methods, options and errors.
//
// Where it stands: above the root package, whose names it uses as a program does.
package ip
