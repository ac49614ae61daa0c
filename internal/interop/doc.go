// Package interop holds no code, only tests: package netpoller under programs that were
// written for package net, each end against the other's. See README.md.
//
// It is a module of its own, so that what the tests need is nobody's dependency.
package interop
