// Package unix has no code, only tests. They compare package net and this one in
// Unix sockets: streams and datagrams, names, rights and
// credentials, and the file that a listener unlinks.
//
// Where it stands: above the root package, whose names it uses as a program does.
package unix
