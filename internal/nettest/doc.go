// Package nettest has the helpers that the tests of several packages share: waits that end
// only on a hang, a description of errors to compare, raw access to sockets and their
// options, an address that does not answer, a name server, a count of descriptors, and
// processes with a network of their own. Nothing leaves the machine.
//
// Where it stands: imported by tests only. It uses package net alone, so that what is
// tested is not also what tests it.
package nettest
