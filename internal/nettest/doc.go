// Package nettest is what the tests of several packages share: a description of
// errors to compare, an address that does not answer, a name server, and a count of
// descriptors. Nothing leaves the loopback interface.
//
// Where it stands: imported by tests only. It uses package net alone, so that what is
// tested is not also what tests it.
package nettest
