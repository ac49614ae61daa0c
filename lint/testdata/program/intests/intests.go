// Package intests opens sockets in its tests.
package intests
