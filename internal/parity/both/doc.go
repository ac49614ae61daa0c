// Package both runs the same steps on package net and on ours, and compares what comes
// back. The packages beside it have the tests, a topic each.
//
// A Side is one of the two. Its methods make connections and listeners of that side, which
// have the methods that both have in common: TCPConn, UDPConn, UnixConn, IPConn.
//
// Where it stands: imported by tests only, above the root package, whose names it uses as a
// program does. Helpers that do not need the root package are in nettest.
package both
